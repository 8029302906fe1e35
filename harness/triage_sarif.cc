// SARIF 2.1.0, for code scanning and editors.

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/triage.h"

namespace wdm {

namespace {

using nlohmann::ordered_json;

std::string percent_encoded(const std::string& path) {
  std::string uri;
  for (const unsigned char c : path) {
    if (std::isalnum(c) || std::string_view("-._~/").find(static_cast<char>(c)) != std::string_view::npos) uri += static_cast<char>(c);
    else uri += fmt::format("%{:02X}", c);
  }
  return uri;
}

// Relative to the folder from which the tool that reads it resolves names: usually the root of a repository.
std::string uri_of(const std::string& path, const std::string& base) {
  const std::string relative = std::filesystem::path(path).lexically_relative(base).string();
  if (!relative.empty() && !relative.starts_with("..")) return percent_encoded(relative);
  return "file://" + percent_encoded(path);
}

// A limit or a DDI that is not emulated is no defect of the driver's.
const char* level_of(const Bucket& bucket) {
  if (bucket.outcome == "DRIVER BUG" || bucket.outcome == "EMU BUG") return "error";
  return bucket.outcome == "LIMIT" ? "warning" : "note";
}

ordered_json location_of(const Bucket& bucket, const std::string& base) {
  ordered_json location;
  ordered_json& physical = location["physicalLocation"];
  physical["artifactLocation"]["uri"] = uri_of(bucket.path, base);
  if (bucket.line) physical["region"]["startLine"] = bucket.line;
  if (bucket.line && bucket.column) physical["region"]["startColumn"] = bucket.column;
  if (!bucket.function.empty())
    location["logicalLocations"] = ordered_json::array({{{"name", bucket.function}, {"kind", "function"}}});
  return location;
}

ordered_json result_of(const Bucket& bucket, std::size_t rule, const std::string& base) {
  ordered_json result;
  result["ruleId"] = bucket.rule;
  result["ruleIndex"] = rule;
  result["level"] = level_of(bucket);
  result["message"]["text"] = fmt::format("{}\n{}", bucket.headline, bucket.reproduce);
  result["locations"] = ordered_json::array();
  if (!bucket.path.empty()) result["locations"].push_back(location_of(bucket, base));
  result["partialFingerprints"]["wdmfuzzSummary/v1"] = bucket.summary;
  result["occurrenceCount"] = bucket.count;
  result["properties"] = {{"summary", bucket.summary}, {"reproduce", bucket.reproduce}, {"scenario", bucket.scenario}};
  return result;
}

std::size_t rule_index(ordered_json& rules, const Bucket& bucket) {
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (rules[i]["id"] == bucket.rule) return i;
  ordered_json rule = {{"id", bucket.rule}};
  if (!bucket.rule_sentence.empty()) rule["shortDescription"]["text"] = bucket.rule_sentence;
  rules.push_back(std::move(rule));
  return rules.size() - 1;
}

}  // namespace

std::string render_sarif(const Triage& triage, const std::string& base) {
  ordered_json run;
  run["tool"]["driver"] = {{"name", "wdmfuzz"}, {"rules", ordered_json::array()}};
  run["columnKind"] = "utf16CodeUnits";
  run["results"] = ordered_json::array();
  ordered_json& rules = run["tool"]["driver"]["rules"];
  for (const Bucket& bucket : triage.buckets) {
    const std::size_t rule = rule_index(rules, bucket);
    run["results"].push_back(result_of(bucket, rule, base));
  }
  ordered_json sarif;
  sarif["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  sarif["version"] = "2.1.0";
  sarif["runs"] = ordered_json::array();
  sarif["runs"].push_back(std::move(run));
  return sarif.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wdm
