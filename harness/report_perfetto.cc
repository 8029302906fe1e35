// The run as a Chrome trace: open it in ui.perfetto.dev or chrome://tracing. One step is one microsecond; processors are
// processes, threads are threads, held locks are slices on a track of their own.

#include <nlohmann/json.hpp>

#include "harness/report.h"

namespace wdm {

namespace {

using nlohmann::ordered_json;

constexpr unsigned kLockTrack = 1000;  // + lane: thread ids of lock tracks, beyond all real ones

ordered_json name_event(const char* what, unsigned cpu, unsigned thread, const std::string& name) {
  return {{"ph", "M"}, {"name", what}, {"pid", cpu}, {"tid", thread}, {"args", {{"name", name}}}};
}

ordered_json step_event(const Step& step) {
  ordered_json args = {{"context", step.context}, {"irql", step.irql}};
  if (step.place.line) args["place"] = step.place.file + ":" + std::to_string(step.place.line) + " " + step.place.function;
  if (step.preempts) args["preempts"] = true;
  return {{"ph", "X"},
          {"name", step.text},
          {"cat", step.finding ? "finding" : step.evidence ? "evidence" : "step"},
          {"pid", step.cpu},
          {"tid", step.thread_number},
          {"ts", step.number},
          {"dur", 1},
          {"args", args}};
}

ordered_json lock_event(const LockSpan& span, const Report& report) {
  const std::uint32_t from = report.steps[span.first].number, to = report.steps[span.last].number;
  return {{"ph", "X"},  {"name", span.label + " held"}, {"cat", "lock"}, {"pid", span.cpu},
          {"tid", kLockTrack + span.lane}, {"ts", from}, {"dur", to - from + 1}};
}

ordered_json finding_event(const Report& report, const Step& step) {
  return {{"ph", "i"}, {"s", "g"}, {"name", report.headline}, {"cat", "finding"}, {"pid", step.cpu},
          {"tid", step.thread_number}, {"ts", step.number}};
}

}  // namespace

std::string render_perfetto(const Report& report) {
  ordered_json events = ordered_json::array();
  for (unsigned cpu = 0; cpu < report.cpus; ++cpu) events.push_back(name_event("process_name", cpu, 0, "cpu" + std::to_string(cpu)));
  for (const LockSpan& span : report.locks)
    events.push_back(name_event("thread_name", span.cpu, kLockTrack + span.lane, "locks"));
  for (const Step& step : report.steps) events.push_back(step_event(step));
  for (const LockSpan& span : report.locks) events.push_back(lock_event(span, report));
  for (const Step& step : report.steps)
    if (step.finding) events.push_back(finding_event(report, step));
  const ordered_json json = {{"traceEvents", events}, {"displayTimeUnit", "ns"}, {"otherData", {{"summary", report.summary}}}};
  return json.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wdm
