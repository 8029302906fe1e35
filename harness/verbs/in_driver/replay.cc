// wdmfuzz replay: runs stored scenarios and prints their reports.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "emu/machine/machine.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/reported_run.h"

namespace wdm {

namespace {

std::string rendered(const Report& report, const Options& options) {
  if (options.trace == "html") return render_html(report);
  if (options.trace == "json") return render_json(report);
  if (options.trace == "perfetto") return render_perfetto(report);
  return render_text(report, options.output.empty() && ::isatty(1) ? Colour::on : Colour::off);
}

// A report in another form goes to the file of -o, and the one line that matters to the terminal.
void put(const Report& report, const Options& options) {
  write_output(options, rendered(report, options));
  if (!options.output.empty())
    fmt::print("{}\n", report.outcome == Outcome::clean ? "clean" : "SUMMARY: wdmfuzz: " + report.summary);
  std::fflush(stdout);
}

bool as_expected(const Scenario& scenario, const Report& report) {
  if (scenario.expect.empty()) return true;
  if (scenario.expect == "clean") return report.outcome == Outcome::clean;
  return scenario.expect == report.summary || scenario.expect == "SUMMARY: wdmfuzz: " + report.summary;
}

// With --expect a finding that is expected ends well, whatever the process dies of.
int expected_exit(const std::string& file, const Scenario& scenario, const Report& report) {
  if (as_expected(scenario, report)) return kExitClean;
  fmt::print("{}: expected {}, found {}\n", file, scenario.expect, report.outcome == Outcome::clean ? "clean" : report.summary);
  std::fflush(stdout);
  return kExitFound;
}

int replay_one(const Options& options, const std::string& file) {
  const Scenario scenario = read_scenario(file, driver_profile());
  int expected = kExitFound;
  const int code = run_reported(scenario, [&](Report& report) {
    report.reproduce = fmt::format("./wdmfuzz replay {} {}", driver_argument(), file);
    if (options.debug_print) report.driver_output = machine().debug_output();
    if (!options.expect) put(report, options);
    if (!options.expect) return;
    expected = expected_exit(file, scenario, report);
    if (report.sanitizer) ::_exit(expected);
  });
  return options.expect ? expected : code;
}

// Each file in a process of its own: AddressSanitizer ends the process of a driver that it catches.
int replay_in_child(const Options& options, const std::string& file) {
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    int code = kExitUsage;
    try {
      code = replay_one(options, file);
    } catch (const UserError& error) {
      fmt::print(stderr, "wdmfuzz: {}\n", error.what());
    }
    std::fflush(stdout);
    ::_exit(code);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitFound;
}

}  // namespace

int verb_replay(const Options& options) {
  if (options.files.size() == 1) return replay_one(options, options.files.front());
  if (!options.output.empty()) throw UserError("-o takes the report of one file; replay them one by one");
  int code = kExitClean;
  for (const std::string& file : options.files) {
    fmt::print("== {}\n", file);
    code = worse_exit(code, replay_in_child(options, file));
  }
  return code;
}

}  // namespace wdm
