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
#include "harness/expected_run.h"
#include "harness/repeated_run.h"
#include "harness/reported_run.h"
#include "harness/run.h"

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

// `found` is "clean" or a SUMMARY. A case that says nothing has to run clean.
bool as_expected(const Scenario& scenario, const std::string& found) {
  return (scenario.expect.empty() ? "clean" : scenario.expect) == found || expects(scenario, found);
}

std::string found_text(Outcome outcome, const std::string& summary) {
  return outcome == Outcome::clean ? "clean" : summary;
}

// With --expect a finding that is expected ends well, whatever the process dies of.
int expected_exit(const std::string& file, const Scenario& scenario, Outcome outcome, const std::string& summary) {
  const std::string found = found_text(outcome, summary);
  if (as_expected(scenario, found)) return kExitClean;
  fmt::print("{}: expected {}, found {}\n", file, scenario.expect.empty() ? "clean" : scenario.expect, found);
  std::fflush(stdout);
  return kExitFound;
}

// The case once for each allocation and request that it makes, which fails then; up to the first finding.
int fail_each(const Options& options, const std::string& file) {
  Scenario scenario = read_scenario(file, driver_profile());
  if (scenario.schedule.strategy != StrategyId::directed) scenario.schedule.directives.clear();
  scenario.schedule.strategy = StrategyId::each_fault;
  scenario.schedule.runs = limits::kMaxRuns;
  scenario.schedule.faults = false;
  for (scenario.schedule.seed = 0;; scenario.schedule.seed += limits::kMaxRuns - 1) {
    const int code = run_reported(scenario, [&](Report& report) {
      report.reproduce = fmt::format("{} replay {} --each-fault {}", program_as_typed(), driver_argument(), file);
      if (report.outcome != Outcome::clean) put(report, options);
    });
    if (code != kExitClean) return code;
    if (!machine().had_choice()) break;
  }
  const std::uint64_t last_run = last_schedule();
  fmt::print("{}: clean with each of {} faults\n", file, scenario.schedule.seed + (last_run ? last_run - 1 : 0));
  return kExitClean;
}

int replay_one(const Options& options, const std::string& file) {
  if (options.each_fault) return fail_each(options, file);
  const Scenario scenario = read_scenario(file, driver_profile());
  int expected = kExitFound;
  const int code = run_reported(scenario, [&](Report& report) {
    report.reproduce = fmt::format("{} replay {} {}", program_as_typed(), driver_argument(), file);
    if (options.debug_print) report.driver_output = machine().debug_output();
    if (!options.expect || !as_expected(scenario, found_text(report.outcome, report.summary))) put(report, options);
    if (!options.expect) return;
    expected = expected_exit(file, scenario, report.outcome, report.summary);
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

int replay_repeatedly(const Options& options, const std::string& file) {
  const Scenario scenario = read_scenario(file, driver_profile());
  const RepeatedRun repeated = run_repeatedly(scenario, options.repeat);
  if (!repeated.difference.empty()) {
    fmt::print("EMU BUG: {}: run {} of {} differs from the first: {}\n", file, repeated.runs, options.repeat, repeated.difference);
    return kExitEmuBug;
  }
  fmt::print("{}: {} times the same: {} (trace {:016x})\n", file, repeated.runs,
             repeated.outcome == Outcome::clean ? "clean" : repeated.summary, repeated.hash);
  std::fflush(stdout);
  return options.expect ? expected_exit(file, scenario, repeated.outcome, repeated.summary) : exit_code(repeated.outcome);
}

int replay_all_repeatedly(const Options& options) {
  int code = kExitClean;
  for (const std::string& file : options.files) code = worse_exit(code, replay_repeatedly(options, file));
  return code;
}

}  // namespace

int verb_replay(const Options& options) {
  if (options.each_fault && (options.repeat > 1 || options.expect))
    throw UserError("--each-fault changes the case, so it goes with neither --expect nor --repeat");
  if (options.repeat > 1) {
    if (!options.output.empty() || options.trace != "text") throw UserError("--repeat prints no report; leave out -o and --trace");
    return replay_all_repeatedly(options);
  }
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
