#include "harness/triage.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace wdm {

namespace {

using nlohmann::ordered_json;

unsigned rank(const Bucket& bucket) {
  static constexpr std::string_view kOrder[] = {"DRIVER BUG", "EMU BUG", "NOT EMULATED", "LIMIT"};
  return static_cast<unsigned>(std::find(std::begin(kOrder), std::end(kOrder), bucket.outcome) - std::begin(kOrder));
}

std::string utc(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

ordered_json bucket_json(const Bucket& b) {
  return {{"summary", b.summary},
          {"outcome", b.outcome},
          {"rule", b.rule},
          {"headline", b.headline},
          {"rule_sentence", b.rule_sentence},
          {"path", b.path},
          {"line", b.line},
          {"column", b.column},
          {"function", b.function},
          {"count", b.count},
          {"first_seen", utc(b.first_seen)},
          {"first_seen_seconds", b.first_seen},
          {"representative", b.representative},
          {"reproduce", b.reproduce},
          {"operations", b.operations},
          {"directives", b.directives},
          {"scenario", b.scenario},
          {"report", b.report}};
}

Bucket bucket_from(const ordered_json& json) {
  Bucket b;
  const auto get = [&](const char* key, auto& value) { json.at(key).get_to(value); };
  get("summary", b.summary);
  get("outcome", b.outcome);
  get("rule", b.rule);
  get("headline", b.headline);
  get("rule_sentence", b.rule_sentence);
  get("path", b.path);
  get("line", b.line);
  get("column", b.column);
  get("function", b.function);
  get("count", b.count);
  get("first_seen_seconds", b.first_seen);
  get("representative", b.representative);
  get("reproduce", b.reproduce);
  get("operations", b.operations);
  get("directives", b.directives);
  get("scenario", b.scenario);
  get("report", b.report);
  return b;
}

std::string plural(std::size_t n, std::string_view word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); }

}  // namespace

void sort_buckets(Triage& triage) {
  std::sort(triage.buckets.begin(), triage.buckets.end(), [](const Bucket& a, const Bucket& b) {
    return std::tuple(rank(a), b.count, a.summary) < std::tuple(rank(b), a.count, b.summary);
  });
}

std::string render_triage_text(const Triage& triage) {
  std::string text;
  if (!triage.buckets.empty()) text += fmt::format("{:<13} {:>5}  {:<20}  {:<9}  {}\n", "outcome", "count", "first seen", "smallest", "SUMMARY");
  for (const Bucket& b : triage.buckets) {
    text += fmt::format("{:<13} {:>5}  {:<20}  {:<9}  {}\n", b.outcome, b.count, utc(b.first_seen),
                        fmt::format("{}+{}", b.operations, b.directives), b.summary);
    text += fmt::format("    {}\n", b.reproduce);
  }
  if (!triage.buckets.empty()) text += "smallest: calls + forced switches of the minimised scenario\n";
  text += fmt::format("{}: {} in {}, {}", triage.directory, plural(triage.buckets.size(), "bucket"),
                      plural(triage.inputs, "input"), fmt::format("{} not reproduce", triage.not_reproduced.size() == 1 ? "1 does" : fmt::format("{} do", triage.not_reproduced.size())));
  if (triage.corpus) text += fmt::format(", {} of a corpus clean", triage.corpus);
  text += "\n";
  for (const std::string& file : triage.not_reproduced) text += fmt::format("  does not reproduce: {}\n", file);
  for (const UnreadableInput& input : triage.unreadable) text += fmt::format("  cannot be read: {}\n", input.why);
  return text;
}

std::string render_triage_json(const Triage& triage) {
  ordered_json json;
  json["driver"] = triage.driver;
  json["directory"] = triage.directory;
  json["inputs"] = triage.inputs;
  json["corpus_clean"] = triage.corpus;
  json["not_reproduced"] = triage.not_reproduced;
  json["unreadable"] = ordered_json::array();
  for (const auto& input : triage.unreadable) json["unreadable"].push_back({{"file", input.file}, {"why", input.why}});
  json["buckets"] = ordered_json::array();
  for (const Bucket& bucket : triage.buckets) json["buckets"].push_back(bucket_json(bucket));
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Triage triage_from_json(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  Triage triage;
  json.at("driver").get_to(triage.driver);
  json.at("directory").get_to(triage.directory);
  json.at("inputs").get_to(triage.inputs);
  json.at("corpus_clean").get_to(triage.corpus);
  json.at("not_reproduced").get_to(triage.not_reproduced);
  for (const auto& input : json.at("unreadable")) triage.unreadable.push_back({input.at("file"), input.at("why")});
  for (const auto& bucket : json.at("buckets")) triage.buckets.push_back(bucket_from(bucket));
  return triage;
}

}  // namespace wdm
