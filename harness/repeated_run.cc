#include "harness/repeated_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "emu/machine/machine.h"
#include "emu/rules/tracker.h"
#include "harness/cli_process.h"
#include "harness/driver_info.h"
#include "harness/expected_run.h"
#include "harness/pass_over.h"
#include "harness/report_crash.h"
#include "harness/run.h"
#include "harness/symbolize.h"
#include "harness/trace_hash.h"

namespace wdm {

namespace {

using nlohmann::json;

struct Record {
  Outcome outcome = Outcome::clean;
  std::string summary, report;
  std::uint64_t hash = 0;

  bool operator==(const Record&) const = default;
};

std::optional<Record> first;          // what every other run is compared with; the child inherits it
std::uint64_t earlier_schedules = 0;  // hash of those of the run in progress that have ended
int to_parent = -1;

// ---- the child: a line per run, "=" or what it is instead

void send(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(to_parent, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

void note_end(const Report& report) {
  Record record{report.outcome, report.outcome == Outcome::clean ? "" : report.summary, render_text(report, Colour::off),
                earlier_schedules * 31 + trace_hash(last_trace())};
  if (first && record == *first) {
    send("=");
    return;
  }
  // With the addresses that it took: the parent looks them up once, for all children to come.
  send(json{{"outcome", static_cast<unsigned>(record.outcome)},
            {"summary", record.summary},
            {"report", record.report},
            {"hash", record.hash},
            {"addresses", symbolized_addresses()}}
           .dump(-1, ' ', false, json::error_handler_t::replace));
  if (!first) first = std::move(record);
}

// The same rules as the machine's.
Tracker second_tracker() {
  Tracker tracker;
  for (const RuleInfo& rule : all_rules())
    tracker.enable(rule.name, machine().tracker().enabled(static_cast<RuleId>(&rule - all_rules().data())));
  return tracker;
}

// A trace that is complete has to be judged as it was while it was written: "", or how it is not.
std::string judged_otherwise(const RunResult& result) {
  static Tracker tracker = second_tracker();
  const std::vector<Finding> findings = tracker.judge(last_trace());
  if (!result.finding) return passes_over() || findings.empty() ? "" : "judged again, the trace has: " + findings.front().message;
  const auto same = [&](const Finding& finding) {
    return finding.rule == result.finding->rule && finding.event == result.finding->event &&
           finding.message == result.finding->message && finding.evidence == result.finding->evidence;
  };
  const bool found = passes_over() ? std::any_of(findings.begin(), findings.end(), same)
                                   : !findings.empty() && same(findings.front());
  return found ? "" : "judged again, the trace lacks: " + result.finding->message;
}

void run_and_note(const Scenario& scenario) {
  RunResult result;
  earlier_schedules = 0;
  for (unsigned i = 0; i < scenario.schedule.runs; ++i) {
    result = run_once(driver_image(), scenario, i, {});
    if (const std::string difference = judged_otherwise(result); !difference.empty()) {
      result.outcome = Outcome::emu_bug;
      result.message = difference;
    }
    if (result.outcome != Outcome::clean || !machine().had_choice()) break;
    if (i + 1 < scenario.schedule.runs) earlier_schedules = earlier_schedules * 31 + trace_hash(last_trace());
  }
  note_end(make_report(last_trace(), result, scenario, driver_image()));
}

[[noreturn]] void child(int fd, const Scenario& scenario, unsigned times) {
  to_parent = fd;
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, 1);
  ::dup2(nowhere, 2);
  CrashHooks hooks;
  hooks.report = note_end;
  watch_for_crashes(std::move(hooks));
  set_running(&scenario);
  pass_over(findings_before_expected(scenario).places);
  for (unsigned i = 0; i < times; ++i) run_and_note(scenario);
  ::_exit(0);
}

// ---- the parent

std::string run_child(const Scenario& scenario, unsigned times) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "";
  const pid_t self = ::getpid(), pid = ::fork();
  if (pid == 0) {
    die_with_parent(self, SIGKILL);
    child(ends[1], scenario, times);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[1 << 14];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) != 0;) {
    if (n < 0 && errno != EINTR) break;
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text;
}

std::string first_difference(const Record& is, const Record& was) {
  if (is.summary != was.summary) return fmt::format("ends as '{}', not as '{}'", is.summary, was.summary);
  std::istringstream a(is.report), b(was.report);
  std::string line_a, line_b;
  for (unsigned number = 1; std::getline(a, line_a) && std::getline(b, line_b); ++number)
    if (line_a != line_b) return fmt::format("line {} of the report is '{}', not '{}'", number, line_a, line_b);
  if (is.report != was.report) return "one report is longer";
  return fmt::format("trace {:016x}, not {:016x}", is.hash, was.hash);
}

Record record_of(const json& line) {
  symbolize_all(line.at("addresses").get<std::vector<std::uint64_t>>());
  return {static_cast<Outcome>(line.at("outcome").get<unsigned>()), line.at("summary"), line.at("report"), line.at("hash")};
}

// Takes one child's lines. False when there is nothing more to find out.
bool take(const std::string& text, RepeatedRun& repeated) {
  std::istringstream lines(text);
  unsigned taken = 0;
  for (std::string line; std::getline(lines, line) && repeated.difference.empty(); ++taken) {
    ++repeated.runs;
    if (line == "=") continue;
    const json parsed = json::parse(line, nullptr, false);
    if (!parsed.is_object()) return false;
    const Record record = record_of(parsed);
    if (first)
      repeated.difference = first_difference(record, *first);
    else
      first = record;
  }
  if (taken == 0) {
    ++repeated.runs;
    repeated.difference = "its process ends without a word";
  }
  return repeated.difference.empty();
}

}  // namespace

RepeatedRun run_repeatedly(const Scenario& scenario, unsigned times) {
  RepeatedRun repeated;
  first.reset();
  while (repeated.runs < times && take(run_child(scenario, times - repeated.runs), repeated)) {
  }
  if (!first) {
    repeated.outcome = Outcome::emu_bug;
    return repeated;
  }
  repeated.outcome = first->outcome;
  repeated.summary = first->summary;
  repeated.hash = first->hash;
  return repeated;
}

}  // namespace wdm
