// wdmfuzz fuzz A B C: one campaign after the other, each in the executable of its driver, and a table at the end.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/cli_process.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

using nlohmann::ordered_json;

// The campaign that is running decides what an interrupt means for it; here it means that no other one begins.
volatile sig_atomic_t interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

struct Row {
  std::string driver;
  int exit_code = kExitClean;
  std::string trouble;   // why there was no campaign
  ordered_json summary;  // OUT/summary.json, null when there is none
};

// A slip in the last name should not come to light after hours. Campaign directories are named after drivers.
std::vector<std::string> check_names(const Options& options) {
  const Layout layout = find_layout();
  std::vector<std::string> names;
  for (const std::string& driver : options.drivers) {
    const std::string name = resolve_driver(driver, options.defines, layout.samples()).name;
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw UserError(fmt::format("{}: another driver is called {}, too; fuzz them one by one, with --out", driver, name));
    names.push_back(name);
  }
  return names;
}

fs::path summary_file(const Options& options, const std::string& name) {
  return (options.out.empty() ? fs::path("wdmfuzz-out") : fs::path(options.out)) / name / "summary.json";
}

std::vector<std::string> arguments_for(const BuiltDriver& driver, std::size_t index, char** argv) {
  std::vector<std::string> arguments = {driver.executable.string(), argv[1], "--only", std::to_string(index)};
  for (char** a = argv + 2; *a; ++a) arguments.emplace_back(*a);
  return arguments;
}

void tell_trouble(const Options& options, const Row& row) {
  fmt::print(stderr, "wdmfuzz: {}\n", row.trouble);
  if (!options.json) return;
  const ordered_json event = {{"event", "end"}, {"driver", row.driver}, {"exit_code", row.exit_code}, {"error", row.trouble}};
  fmt::print("{}\n", event.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  std::fflush(stdout);
}

Row run_campaign_of(const Options& options, std::size_t index, const std::string& name, char** argv) {
  Row row{options.drivers[index], kExitClean, "", {}};
  std::error_code error;
  fs::remove(summary_file(options, name), error);
  try {
    const BuiltDriver driver = prepare_driver(row.driver, options);
    if (!options.json) fmt::print(stderr, "wdmfuzz: {} of {}: {}\n", index + 1, options.drivers.size(), row.driver);
    row.exit_code = run_attached(arguments_for(driver, index, argv));
  } catch (const UserError& trouble) {
    row.exit_code = kExitUsage;
    row.trouble = trouble.what();
    tell_trouble(options, row);
    return row;
  }
  if (fs::exists(summary_file(options, name), error))
    row.summary = ordered_json::parse(read_text(summary_file(options, name)), nullptr, false);
  return row;
}

const char* result_word(const Row& row) {
  switch (row.exit_code) {
    case kExitClean: return "clean";
    case kExitFound: return "DRIVER BUG";
    case kExitUsage: return row.trouble.empty() ? "cannot run" : "does not build";
    case 3: return "NOT EMULATED";
    case 4: return "LIMIT";
    case kExitEmuBug: return "EMU BUG";
  }
  return "died";
}

std::string number(const Row& row, const char* key) {
  return row.summary.is_object() && row.summary.contains(key) ? row.summary[key].dump() : "-";
}

std::string coverage(const Row& row) {
  return row.summary.is_object() ? fmt::format("{}/{}", number(row, "edges"), number(row, "edges_total")) : "-";
}

std::string seconds(const Row& row) {
  return row.summary.is_object() ? fmt::format("{:.0f} s", row.summary.value("seconds", 0.0)) : "-";
}

std::string table_line(std::size_t width, const std::string& driver, std::string_view result, const std::string& findings,
                       const std::string& executions, const std::string& edges, const std::string& interleavings,
                       const std::string& time) {
  return fmt::format("{:<{}}  {:<14}  {:>8}  {:>11}  {:>11}  {:>13}  {:>6}\n", driver, width, result, findings, executions,
                     edges, interleavings, time);
}

std::string table(const std::vector<Row>& rows) {
  std::size_t width = 6;
  for (const Row& row : rows) width = std::max(width, row.driver.size());
  std::string text = table_line(width, "driver", "result", "findings", "executions", "coverage", "interleavings", "time");
  for (const Row& row : rows) {
    text += table_line(width, row.driver, result_word(row), number(row, "findings"), number(row, "executions"),
                       coverage(row), number(row, "interleavings"), seconds(row));
    if (!row.summary.is_object() || !row.summary.contains("found")) continue;
    for (const auto& finding : row.summary["found"])
      text += fmt::format("  {}  {}\n", finding.value("summary", ""), finding.value("scenario", ""));
  }
  return text;
}

}  // namespace

int fuzz_several(const Options& options, char** argv) {
  const auto names = check_names(options);
  std::signal(SIGINT, on_interrupt);
  std::vector<Row> rows;
  int code = kExitClean;
  for (std::size_t i = 0; i < names.size() && !interrupted; ++i) {
    rows.push_back(run_campaign_of(options, i, names[i], argv));
    code = worse_exit(code, rows.back().exit_code);
  }
  if (!options.json) fmt::print("{}", table(rows));
  return code;
}

}  // namespace wdm
