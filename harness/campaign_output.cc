#include "harness/campaign_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "harness/cli.h"
#include "harness/driver_info.h"

namespace wdm {

namespace {

using nlohmann::ordered_json;

constexpr double kEventSeconds = 5;

std::string dumped(const ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

void print_event(const ordered_json& event) {
  const std::string line = dumped(event, -1);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

ordered_json event_of(const char* kind) { return {{"event", kind}, {"driver", driver_argument()}}; }

void add_facts(ordered_json& json, const ProgressFacts& facts) {
  json["seconds"] = facts.elapsed_seconds;
  json["executions"] = facts.counts.executions;
  json["executions_per_second"] = facts.executions_per_second;
  json["effective"] = facts.counts.effective;  // executions that reached the driver
  json["schedules"] = facts.counts.schedules;
  json["interleavings"] = facts.interleavings;
  json["edges"] = facts.edges_hit;
  json["edges_total"] = facts.edges;
  json["corpus"] = facts.corpus;
  json["findings"] = facts.findings;
}

ordered_json finding_json(const CampaignFinding& finding) {
  ordered_json json;
  json["outcome"] = outcome_word(finding.outcome);
  json["summary"] = finding.summary;
  json["scenario"] = finding.scenario.string();
  json["report"] = std::filesystem::path(finding.scenario).replace_extension(".txt").string();
  json["reproduce"] = fmt::format("{} replay {} {}", program_as_typed(), driver_argument(), finding.scenario.string());
  json["known"] = finding.known;
  return json;
}

ordered_json end_event(const CampaignEnd& end, const std::vector<CampaignFinding>& findings) {
  ordered_json json = event_of("end");
  add_facts(json, end.facts);
  json["exit_code"] = end.exit_code;
  json["interrupted"] = end.interrupted;
  json["found"] = ordered_json::array();
  for (const CampaignFinding& finding : findings) json["found"].push_back(finding_json(finding));
  return json;
}

std::string plural(std::size_t n, std::string_view word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); }

std::string end_text(const CampaignOptions& options, const CampaignEnd& end, const std::vector<CampaignFinding>& findings) {
  const ProgressFacts& f = end.facts;
  std::string text = fmt::format("campaign on {}: {:.0f} s, {}{}\n", driver_argument(), f.elapsed_seconds,
                                 plural(options.jobs, "worker"), end.interrupted ? ", interrupted" : "");
  text += fmt::format("  executions       {} ({:.0f} a second), {} % reach the driver\n", f.counts.executions,
                      f.executions_per_second, percent(f.counts.effective, f.counts.executions));
  text += fmt::format("  schedules        {}\n", f.counts.schedules);
  text += fmt::format("  interleavings    {} distinct switches\n", f.interleavings);
  text += fmt::format("  driver coverage  {} of {} edges ({} %)\n", f.edges_hit, f.edges, percent(f.edges_hit, f.edges));
  text += fmt::format("  corpus           {} in {}\n", plural(f.corpus, "input"), (options.out / "corpus").string());
  const auto known = static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [](const auto& finding) { return finding.known; }));
  text += fmt::format("  findings         {}{}\n", findings.size(),
                      known ? fmt::format(", {} of them known before", known) : std::string());
  for (const CampaignFinding& finding : findings)
    text += fmt::format("    {}  {}\n", finding.summary, finding.scenario.string());
  return text;
}

}  // namespace

void CampaignOutput::start(const ProgressFacts& facts) {
  if (!options_.json) return;
  ordered_json event = event_of("start");
  event["out"] = options_.out.string();
  event["jobs"] = options_.jobs;
  event["seed"] = options_.seed;
  event["time"] = options_.seconds;
  event["keep_going"] = options_.keep_going;
  event["corpus"] = facts.corpus;
  event["findings"] = facts.findings;
  print_event(event);
}

void CampaignOutput::progress(const ProgressFacts& facts) {
  if (!options_.json) {
    display_.show(facts);
    return;
  }
  if (facts.elapsed_seconds - last_event_ < kEventSeconds) return;
  last_event_ = facts.elapsed_seconds;
  ordered_json event = event_of("progress");
  add_facts(event, facts);
  print_event(event);
}

void CampaignOutput::caught(const std::string& summary) {
  if (!options_.json) say(fmt::format("found {}; minimising", summary));
}

void CampaignOutput::finding(const CampaignFinding& finding) {
  if (options_.json) {
    ordered_json event = event_of("finding");
    event.update(finding_json(finding));
    print_event(event);
    return;
  }
  if (finding.report.empty()) return;
  display_.clear();
  std::fwrite(finding.report.data(), 1, finding.report.size(), stdout);
  std::fflush(stdout);
}

void CampaignOutput::end(const CampaignEnd& end, const std::vector<CampaignFinding>& findings) {
  const ordered_json event = end_event(end, findings);
  write_file(options_.out / "summary.json", dumped(event, 2), Existing::replace);
  if (options_.json) {
    print_event(event);
    return;
  }
  display_.clear();
  fmt::print(stderr, "{}", end_text(options_, end, findings));
}

void CampaignOutput::say(const std::string& line) {
  display_.clear();
  fmt::print(stderr, "{}\n", line);
}

void print_load_failure(const CampaignOptions& options, Outcome outcome, const std::string& summary, const std::string& report) {
  if (!options.json) {
    fmt::print("{}", report);
    return;
  }
  ordered_json event = event_of("finding");
  event["outcome"] = outcome_word(outcome);
  event["summary"] = summary;
  event["scenario"] = "";
  event["report"] = "";
  event["reproduce"] = fmt::format("{} check {}", program_as_typed(), driver_argument());
  event["known"] = false;
  print_event(event);
  event = event_of("end");
  event["exit_code"] = exit_code(outcome);
  print_event(event);
}

}  // namespace wdm
