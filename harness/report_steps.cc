#include "harness/report_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "emu/machine/hypercall.h"
#include "emu/machine/limits.h"
#include "harness/report_words.h"

namespace wdm {

namespace {

constexpr std::size_t kMaxSteps = 400;

std::string with_object(std::string text, const Trace& trace, ObjectId object) {
  const std::string label = object_label(trace, object);
  return label.empty() ? text : text + " " + label;
}

std::string callback_enter_text(const Trace& trace, const Event& e, const std::string& function) {
  std::string text = fmt::format("enters {} ({}", function.empty() ? "driver code" : function, callback_name(e.arg2));
  if (e.arg2 == CALLBACK_Dispatch) text += ", " + major_function_name(DispatchCall(e.arg).major);
  const std::string label = object_label(trace, e.object);
  return text + (label.empty() ? ")" : ", " + label + ")");
}

std::string callback_leave_text(const Event& e) {
  std::string text = fmt::format("{} returns", callback_name(e.arg2));
  const bool has_status = e.arg2 == CALLBACK_Dispatch || e.arg2 == CALLBACK_DriverEntry || e.arg2 == CALLBACK_AddDevice ||
                          e.arg2 == CALLBACK_Completion;
  return has_status ? text + " " + status_name(static_cast<std::uint32_t>(e.arg)) : text;
}

std::string irp_create_text(const Trace& trace, const Event& e) {
  return fmt::format("sends {} ({})", object_label(trace, e.object), major_function_name(e.arg & 0xff));
}

std::string wmi_control_text(std::uint64_t disposition) {
  static constexpr std::array<const char*, 4> texts = {"has taken ", "leaves the completion of ", "does not know ", "wants passed down "};
  return texts[disposition & 3];
}

const char* set_completion_text(std::uint64_t arg) {
  if ((arg & 4) != 0) return "cannot set a completion routine for";
  return (arg & 1) != 0 ? "sets a completion routine for" : "clears the completion routine of";
}

std::string stuck_text(const Trace& trace, const Event& e) {
  if (e.object == 0) return "waits for ever";
  std::string text = with_object(e.arg == 1 ? "spins for ever on" : "waits for ever for", trace, e.object);
  return e.arg2 ? text + fmt::format(", held by T{}", e.arg2 - 1) : text;
}

std::string violation_text(const Trace& trace, const Event& e) {
  if (e.arg2 >= 1 && e.arg2 <= trace.notes.size()) return trace.notes[e.arg2 - 1];
  return "breaks a rule";
}

std::string end_irp_text(const Trace& trace, const Event& e) {
  return with_object("at the end still pending:", trace, e.object) + (e.arg2 ? " (cancelled)" : "");
}

bool ends_in_driver(const Event& e) {
  return e.kind == EVENT_ThreadExit || (e.kind == EVENT_CallbackLeave && e.depth <= 1);
}

// Not worth a row: a DDI call is told by what it does next, an attempt by the success that follows at once.
bool is_told_elsewhere(const Trace& trace, std::uint32_t index) {
  const Event& e = trace.events[index];
  if ((e.kind == EVENT_IrqlRaise || e.kind == EVENT_IrqlLower) && e.arg == e.arg2) return true;  // nothing changed
  if (e.kind == EVENT_LockInit && e.site == kNoSite) return true;  // the kernel's own
  if (index + 1 >= trace.events.size()) return false;
  const Event& next = trace.events[index + 1];
  if (next.thread != e.thread || next.ddi != e.ddi) return false;
  if (e.kind == EVENT_LockAttempt) return next.kind == EVENT_LockAcquired && next.object == e.object;
  return e.kind == EVENT_DdiEnter && next.kind != EVENT_DdiEnter && next.kind != EVENT_CallbackEnter && next.depth == e.depth;
}

bool is_marked(const RunResult& result, std::uint32_t index) {
  if (!result.finding) return false;
  if (result.finding->event == index) return true;
  const auto& evidence = result.finding->evidence;
  return std::any_of(evidence.begin(), evidence.end(), [&](const Evidence& e) { return e.event == index; });
}

std::vector<std::uint32_t> shown_events(const Trace& trace, const RunResult& result) {
  std::vector<std::uint32_t> shown;
  for (std::uint32_t i = 0; i < trace.events.size(); ++i)
    if (is_marked(result, i) || !is_told_elsewhere(trace, i)) shown.push_back(i);
  if (shown.size() <= kMaxSteps) return shown;
  std::vector<std::uint32_t> kept;  // the last ones, and what the finding names
  const std::size_t first = shown.size() - kMaxSteps;
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (i >= first || is_marked(result, shown[i])) kept.push_back(shown[i]);
  return kept;
}

Place place_at(const DriverImage& image, std::uint64_t offset) {
  if (offset == kNoPlace) return {};
  const Frame& frame = symbolize(reinterpret_cast<std::uint64_t>(image.text_begin) + offset).front();
  return {frame.function, frame.file, frame.path, frame.line};
}

Step step_of(const Trace& trace, std::uint32_t index, const DriverImage& image) {
  const Event& e = trace.events[index];
  Step step;
  step.number = index;
  step.cpu = e.cpu;
  step.thread_number = e.thread;
  step.thread = thread_label(e.thread);
  if (e.context < trace.contexts.size()) step.context = context_label(trace.contexts[e.context]);
  step.irql = e.irql;
  step.place = place_at(image, code_offset(e));
  step.text = event_text(trace, index, step.place.function);
  return step;
}

// Does event `index` come from another thread than the one before, which was in the middle of driver code?
bool preempts(const Trace& trace, std::uint32_t index) {
  if (index == 0) return false;
  const Event& e = trace.events[index];
  const Event& before = trace.events[index - 1];
  return before.thread != e.thread && before.depth > 0 && !ends_in_driver(before) && before.kind != EVENT_WaitBegin &&
         before.kind != EVENT_LockAttempt;
}

void look_up_all(const Trace& trace, const std::vector<std::uint32_t>& events, const RunResult& result,
                 const DriverImage& image) {
  std::set<std::uint64_t> offsets;
  const auto add = [&](std::uint32_t i) {
    if (i < trace.events.size()) offsets.insert(code_offset(trace.events[i]));
  };
  std::for_each(events.begin(), events.end(), add);
  if (result.finding)
    for (const Evidence& evidence : result.finding->evidence) add(evidence.event);
  std::vector<std::uint64_t> addresses;
  for (const std::uint64_t offset : offsets)
    if (offset != kNoPlace) addresses.push_back(reinterpret_cast<std::uint64_t>(image.text_begin) + offset);
  symbolize_all(addresses);
}

void fill_involved(Report& report, const Trace& trace, const Finding& finding, const DriverImage& image) {
  const auto add = [&](std::uint32_t event, const std::string& text) {
    if (event >= trace.events.size()) return;
    Step step = step_of(trace, event, image);
    if (!text.empty()) step.text = text;
    report.involved.push_back(std::move(step));
  };
  add(finding.event, "");
  if (!report.involved.empty()) report.involved.front().finding = true;
  for (const Evidence& evidence : finding.evidence) add(evidence.event, evidence.text);
}

// ---- locks as bars

// Index of the first step at or after event `event`.
std::size_t step_at(const Report& report, std::uint32_t event) {
  const auto found = std::lower_bound(report.steps.begin(), report.steps.end(), event,
                                      [](const Step& step, std::uint32_t number) { return step.number < number; });
  return static_cast<std::size_t>(found - report.steps.begin());
}

unsigned free_lane(const std::vector<LockSpan>& spans, const LockSpan& span) {
  unsigned lane = 0;
  const auto taken = [&](const LockSpan& other) {
    return other.cpu == span.cpu && other.lane == lane && other.first <= span.last && span.first <= other.last;
  };
  while (std::any_of(spans.begin(), spans.end(), taken)) ++lane;
  return lane;
}

void add_span(Report& report, const Trace& trace, std::uint32_t acquired, std::uint32_t released) {
  const Event& e = trace.events[acquired];
  if ((e.arg2 & 15) == MACH_LOCK_INTERNAL || report.steps.empty() || released < report.steps.front().number) return;
  LockSpan span{object_label(trace, e.object), e.cpu, 0, step_at(report, acquired), step_at(report, released)};
  span.last = std::min(span.last, report.steps.size() - 1);
  if (span.first > span.last) return;
  span.lane = free_lane(report.locks, span);
  report.locks.push_back(span);
}

void fill_locks(Report& report, const Trace& trace) {
  std::map<ObjectId, std::uint32_t> held;
  for (std::uint32_t i = 0; i < trace.events.size(); ++i) {
    const Event& e = trace.events[i];
    if (e.kind == EVENT_LockAcquired) held[e.object] = i;
    if (e.kind != EVENT_LockRelease || !held.contains(e.object)) continue;
    add_span(report, trace, held[e.object], i);
    held.erase(e.object);
  }
  for (const auto& [lock, acquired] : held) add_span(report, trace, acquired, static_cast<std::uint32_t>(trace.events.size()));
}

}  // namespace

std::uint64_t code_offset(const Event& event) {
  if (event.site == kNoSite) return kNoPlace;
  return event.kind == EVENT_CallbackEnter ? event.site : event.site - 1;
}

std::string thread_label(unsigned thread) {
  return thread >= limits::kFirstIdle ? fmt::format("idle{}", thread - limits::kFirstIdle) : fmt::format("T{}", thread);
}

std::string chosen_text(const Event& e) {
  const std::string answer = e.arg2 > 1 ? fmt::format(" (answer {})", e.arg2) : "";
  return fmt::format("{}: {}{}", ddi_name(e.ddi), choice_text(static_cast<unsigned>(e.arg)), answer);
}

std::string event_text(const Trace& trace, std::uint32_t index, const std::string& function) {
  const Event& e = trace.events[index];
  const auto about = [&](const char* text) { return with_object(text, trace, e.object); };
  switch (static_cast<event_number>(e.kind)) {
    case EVENT_DdiEnter: return with_object(fmt::format("calls {}", ddi_name(e.ddi)), trace, e.object);
    case EVENT_CallbackEnter: return callback_enter_text(trace, e, function);
    case EVENT_CallbackLeave: return callback_leave_text(e);
    case EVENT_IrqlRaise: return fmt::format("raises the IRQL from {} to {}", e.arg2, e.arg);
    case EVENT_IrqlLower: return fmt::format("lowers the IRQL from {} to {}", e.arg2, e.arg);
    case EVENT_LockInit: return about("initialises");
    case EVENT_LockAttempt: return about("wants to acquire");
    case EVENT_LockAcquired: return about("acquires");
    case EVENT_LockRelease: return about("releases");
    case EVENT_LockTryFailed: return about("does not get");
    case EVENT_IrpCreate: return irp_create_text(trace, e);
    case EVENT_IrpMarkPending: return about("marks pending");
    case EVENT_IrpSetCancel: return about(e.arg ? "sets the cancel routine of" : "clears the cancel routine of");
    case EVENT_IrpCancel: return about("cancels");
    case EVENT_IrpComplete: return about("completes") + " with " + status_name(static_cast<std::uint32_t>(e.arg));
    case EVENT_IrpCompleted: return about("is done with");
    case EVENT_IrpForward: return about("passes down");
    case EVENT_IrpQueue: return about("queues");
    case EVENT_DpcQueue: return about(e.arg ? "queues" : "finds already queued:");
    case EVENT_TimerSet: return about("sets");
    case EVENT_TimerCancel: return about("cancels") + (e.arg ? "" : ", which was not set");
    case EVENT_TimerExpire: return about("expires:");
    case EVENT_PoolAlloc: return about("allocates") + fmt::format(" ({} bytes)", e.arg);
    case EVENT_PoolFree: return about("frees");
    case EVENT_WaitBegin: return about("waits for");
    case EVENT_WaitEnd: return about("stops waiting for") + ": " + status_name(static_cast<std::uint32_t>(e.arg));
    case EVENT_Signal: return about("signals");
    case EVENT_Own: return about("takes") + (e.arg - 1 == e.thread ? "" : fmt::format(" for T{}", e.arg - 1));
    case EVENT_Disown: return about("gives up");
    case EVENT_ThreadCreate: return fmt::format("creates thread T{}", e.arg2);
    case EVENT_ThreadExit: return "thread ends";
    case EVENT_WorkQueue: return about("queues");
    case EVENT_Stuck: return stuck_text(trace, e);
    case EVENT_EndIrp: return end_irp_text(trace, e);
    case EVENT_EndPool: return about("at the end never freed:") + fmt::format(" ({} bytes)", e.arg);
    case EVENT_EndDpc: return about("after unload still queued:");
    case EVENT_EndTimer: return about("after unload still set:");
    case EVENT_EndThread: return about("after unload still alive:");
    case EVENT_EndDevice: return about("after unload not deleted:");
    case EVENT_DpcFreed: return about("frees the memory of the queued");
    case EVENT_TimerFreed: return about("frees the memory of the set");
    case EVENT_LockFreed: return about("frees the memory of the held");
    case EVENT_Violation: return violation_text(trace, e);
    case EVENT_Chosen: return chosen_text(e);
    case EVENT_IrpForwarded:
      return about("gets back from passing down") + ": " + status_name(static_cast<std::uint32_t>(e.arg));
    case EVENT_IrpSetCompletion: return about(set_completion_text(e.arg));
    case EVENT_IrpInsert: return about("puts on a list of its own:");
    case EVENT_IrpRemove: return about("takes off its list:");
    case EVENT_RemoveAcquire: return about(static_cast<std::uint32_t>(e.arg) == 0 ? "acquires" : "does not get");
    case EVENT_RemoveRelease: return about((e.arg & 1) == 0 ? "releases" : "waits for the last user of");
    case EVENT_QueueHandle: return about(e.arg != 0 ? "acquires with" : "releases with");
    case EVENT_ObjectFreed: return about(e.arg == FREED_Frame ? "uses the memory of a function that has returned:" : "gives up the memory of");
    case EVENT_Reference: return about(e.arg != 0 ? "takes a reference to" : "drops a reference to");
    case EVENT_TargetRelation: return about("is answered with");
    case EVENT_Reported: return about("learns of");
    case EVENT_IrpCaught: return about("has back");
    case EVENT_IrpPendingLost: return about("does not pass on that it was pending:");
    case EVENT_WmiControl: return "the WMI library " + wmi_control_text(e.arg) + object_label(trace, e.object);
    case EVENT_StartIoAttributes: return about("sets the StartIo attributes of");
    case EVENT_COUNT: break;
  }
  return std::string(event_name(e.kind));
}

void fill_steps(Report& report, const Trace& trace, const RunResult& result, const DriverImage& image) {
  const auto events = shown_events(trace, result);
  look_up_all(trace, events, result, image);
  std::uint32_t last = 0;
  for (const std::uint32_t i : events) {
    Step step = step_of(trace, i, image);
    for (std::uint32_t j = last + 1; j <= i; ++j) step.preempts |= preempts(trace, j);
    last = i;
    step.finding = result.finding && result.finding->event == i;
    step.evidence = is_marked(result, i);
    report.steps.push_back(std::move(step));
  }
  if (result.finding) fill_involved(report, trace, *result.finding, image);
  fill_locks(report, trace);
}

}  // namespace wdm
