// The report for programs. Keys are stable; new ones may be added.

#include <nlohmann/json.hpp>

#include "harness/report.h"

namespace wdm {

namespace {

using nlohmann::ordered_json;

ordered_json place_json(const Place& place) {
  if (place.line == 0) return nullptr;
  return {{"function", place.function}, {"file", place.file}, {"line", place.line}};
}

ordered_json step_json(const Step& step) {
  return {{"step", step.number},       {"cpu", step.cpu},           {"thread", step.thread},
          {"context", step.context},   {"irql", step.irql},         {"text", step.text},
          {"place", place_json(step.place)}, {"preempts", step.preempts}, {"evidence", step.evidence},
          {"finding", step.finding}};
}

template <class List, class Convert>
ordered_json list_json(const List& list, Convert convert) {
  ordered_json json = ordered_json::array();
  for (const auto& entry : list) json.push_back(convert(entry));
  return json;
}

ordered_json frame_json(const Frame& frame) {
  return {{"function", frame.function}, {"file", frame.file}, {"path", frame.path}, {"line", frame.line}, {"column", frame.column}};
}

ordered_json object_json(const ObjectNote& object) {
  return {{"label", object.label}, {"origin", place_json(object.origin)}};
}

ordered_json lock_json(const LockSpan& span, const Report& report) {
  return {{"label", span.label},
          {"cpu", span.cpu},
          {"from_step", report.steps[span.first].number},
          {"to_step", report.steps[span.last].number}};
}

}  // namespace

std::string render_json(const Report& report) {
  ordered_json json;
  json["driver"] = report.driver;
  json["outcome"] = outcome_word(report.outcome);
  json["summary"] = report.summary;
  json["rule"] = report.rule;
  json["headline"] = report.headline;
  json["bug_check"] = report.bug_check;
  json["dedup_token"] = report.dedup_token;
  json["stack"] = list_json(report.stack, frame_json);
  json["involved"] = list_json(report.involved, step_json);
  json["objects"] = list_json(report.objects, object_json);
  json["cpus"] = report.cpus;
  json["steps"] = list_json(report.steps, step_json);
  json["locks"] = list_json(report.locks, [&](const LockSpan& span) { return lock_json(span, report); });
  json["rule_sentence"] = report.rule_sentence;
  json["rule_title"] = report.rule_title;
  json["stats"] = {{"steps", report.stats.steps}, {"switches", report.stats.switches},
                   {"preemptions", report.stats.preemptions}, {"dispatched", report.stats.dispatched}};
  json["scenario"] = report.scenario;
  json["reproduce"] = report.reproduce;
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wdm
