#include "harness/isolated_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <sstream>
#include <string>

#include "harness/cli_process.h"
#include "harness/driver_info.h"
#include "harness/report_crash.h"
#include "harness/run.h"

namespace wdm {

namespace {

// Child to parent: outcome, place and length of the word on a line, the word, then the scenario's text.
std::string message_of(const Verdict& verdict, const Scenario& scenario) {
  return fmt::format("{} {} {}\n{}{}", static_cast<unsigned>(verdict.outcome), verdict.place, verdict.what.size(),
                     verdict.what, to_text(scenario));
}

void send(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n <= 0 && errno != EINTR) return;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

std::string receive(int fd) {
  std::string text;
  char buffer[1 << 14];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  }
}

[[noreturn]] void child(int fd, const Scenario& scenario) {
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, 1);
  ::dup2(nowhere, 2);
  CrashHooks hooks;
  hooks.deliver = [fd](const Verdict& verdict, const Scenario& single) { send(fd, message_of(verdict, single)); };
  watch_for_crashes(std::move(hooks));
  set_running(&scenario);
  const RunResult result = run(driver_image(), scenario, {});
  send(fd, message_of(verdict_of(last_trace(), result, driver_image()), explicit_scenario(scenario, result)));
  ::_exit(0);
}

IsolatedRun silent_death(const Scenario& scenario, int status) {
  const std::string how = WIFSIGNALED(status) ? fmt::format("died by signal {}", WTERMSIG(status))
                                              : fmt::format("ended with exit code {}", WEXITSTATUS(status));
  return {{Outcome::emu_bug, "EMU BUG: the run " + how, kNoPlace}, scenario};
}

IsolatedRun parse_message(const std::string& text, const Scenario& scenario, int status) {
  std::istringstream in(text);
  unsigned outcome = 0;
  std::uint64_t place = 0;
  std::size_t length = 0;
  if (!(in >> outcome >> place >> length) || outcome > static_cast<unsigned>(Outcome::emu_bug))
    return silent_death(scenario, status);
  const std::size_t word = text.find('\n') + 1;
  if (word + length > text.size()) return silent_death(scenario, status);
  const Verdict verdict{static_cast<Outcome>(outcome), text.substr(word, length), place};
  try {
    return {verdict, from_text(text.substr(word + length))};
  } catch (const ScenarioError&) {
    return {verdict, scenario};  // longer than a scenario may be: it stays as it was
  }
}

}  // namespace

IsolatedRun run_isolated(const Scenario& scenario) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return silent_death(scenario, 0);
  const pid_t self = ::getpid(), pid = ::fork();
  if (pid == 0) {
    die_with_parent(self, SIGKILL);
    ::close(ends[0]);
    child(ends[1], scenario);
  }
  ::close(ends[1]);
  const std::string message = receive(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return parse_message(message, scenario, status);
}

}  // namespace wdm
