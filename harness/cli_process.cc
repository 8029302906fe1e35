#include "harness/cli_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

extern char** environ;

namespace wdm {

namespace {

std::vector<char*> c_strings(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& a : arguments) pointers.push_back(const_cast<char*>(a.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) read = ends[0], write = ends[1];
  }
  ~Pipe() {
    close(read);
    close(write);
  }
  static void close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

// Reads what is there; false at the end.
bool drain(int fd, std::string& into) {
  char buffer[1 << 12];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

// Writes what the pipe takes; false when all is written or nobody reads.
bool feed(int fd, const std::string& input, std::size_t& done) {
  const ssize_t n = ::write(fd, input.data() + done, input.size() - done);
  if (n > 0) done += static_cast<std::size_t>(n);
  return (n > 0 || errno == EINTR || errno == EAGAIN) && done < input.size();
}

void exchange(Pipe& in, Pipe& out, Pipe& err, const std::string& input, ProcessResult& result) {
  std::size_t done = 0;
  if (input.empty()) Pipe::close(in.write);
  while (in.write >= 0 || out.read >= 0 || err.read >= 0) {
    pollfd fds[] = {{in.write, POLLOUT, 0}, {out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
    if (::poll(fds, 3, -1) < 0 && errno != EINTR) return;
    if (fds[0].revents && !feed(in.write, input, done)) Pipe::close(in.write);
    if (fds[1].revents && !drain(out.read, result.output)) Pipe::close(out.read);
    if (fds[2].revents && !drain(err.read, result.errors)) Pipe::close(err.read);
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, const std::string& input) {
  ProcessResult result;
  Pipe in, out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write, 1);
  posix_spawn_file_actions_adddup2(&actions, err.write, 2);
  auto pointers = c_strings(arguments);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) {
    result.exit = 127;
    return result;
  }
  Pipe::close(in.read);
  Pipe::close(out.write);
  Pipe::close(err.write);
  ::fcntl(in.write, F_SETFL, O_NONBLOCK);
  auto* const old = std::signal(SIGPIPE, SIG_IGN);
  exchange(in, out, err, input, result);
  std::signal(SIGPIPE, old);
  result.exit = wait_for(pid);
  return result;
}

int run_attached(const std::vector<std::string>& arguments, std::string* output) {
  Pipe out;
  auto pointers = c_strings(arguments);
  const pid_t self = ::getpid(), pid = ::fork();
  if (pid == 0) {
    die_with_parent(self, SIGTERM);
    if (output) ::dup2(out.write, 1);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  if (pid < 0) return 127;
  Pipe::close(out.write);
  while (output && drain(out.read, *output)) {
  }
  return wait_for(pid);
}

void die_with_parent(int parent, int signal) {
  ::prctl(PR_SET_PDEATHSIG, signal);
  if (::getppid() != parent) ::raise(signal);  // it was faster
}

void replace_process(const std::vector<std::string>& arguments) {
  auto pointers = c_strings(arguments);
  ::execvp(pointers[0], pointers.data());
}

std::string find_program(const std::vector<std::string>& names) {
  const char* const path = std::getenv("PATH");
  const std::string all = path ? path : "/usr/bin:/bin";
  for (const std::string& name : names)
    for (std::size_t begin = 0; begin <= all.size();) {
      const std::size_t end = std::min(all.find(':', begin), all.size());
      const std::string candidate = all.substr(begin, end - begin) + "/" + name;
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
      begin = end + 1;
    }
  return "";
}

}  // namespace wdm
