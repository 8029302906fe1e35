#include "harness/reported_run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "harness/cli_process.h"
#include "harness/driver_info.h"
#include "harness/report_crash.h"
#include "harness/run.h"

namespace wdm {

namespace {

std::string content_of(int fd) {
  std::string text;
  char buffer[1 << 14];
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

[[noreturn]] void print_report(int fd, const Scenario& scenario, const std::string& reproduce) {
  ::dup2(fd, 1);
  ::dup2(fd, 2);
  const int code = run_reported(scenario, [&](Report& report) {
    report.reproduce = reproduce;
    const std::string text = render_text(report, Colour::off);
    std::fwrite(text.data(), 1, text.size(), stderr);
  });
  ::_exit(code);
}

void put(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

std::string what_child_writes(const std::function<void(int fd)>& body) {
  const int fd = ::memfd_create("report", MFD_CLOEXEC);
  const pid_t self = ::getpid(), pid = ::fork();
  if (pid == 0) {
    die_with_parent(self, SIGKILL);
    body(fd);
    ::_exit(0);
  }
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  const std::string text = content_of(fd);
  ::close(fd);
  return text;
}

}  // namespace

int run_reported(const Scenario& scenario, const std::function<void(Report&)>& sink) {
  CrashHooks hooks;
  hooks.report = [sink](const Report& report) {
    Report mine = report;
    sink(mine);
  };
  watch_for_crashes(std::move(hooks));
  set_running(&scenario);
  const RunResult result = run(driver_image(), scenario, {});
  Report report = make_report(last_trace(), result, scenario, driver_image());
  sink(report);
  return exit_code(result.outcome);
}

std::string text_report(const Scenario& scenario, const std::string& reproduce) {
  return what_child_writes([&](int fd) { print_report(fd, scenario, reproduce); });
}

std::string json_report(const Scenario& scenario) {
  return what_child_writes([&](int fd) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    run_reported(scenario, [fd](Report& report) { put(fd, render_json(report)); });
  });
}

}  // namespace wdm
