// The trace, the rules that judge it, and the four ways a run can end.

#include <algorithm>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/rules/irql_lists.h"

namespace wdm {

int exit_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::clean: return 0;
    case Outcome::driver_bug: return 1;
    case Outcome::not_emulated: return 3;
    case Outcome::limit: return 4;
    case Outcome::emu_bug: return 5;
  }
  return 5;
}

std::string_view outcome_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::clean: return "clean";
    case Outcome::driver_bug: return "DRIVER BUG";
    case Outcome::not_emulated: return "NOT EMULATED";
    case Outcome::limit: return "LIMIT";
    case Outcome::emu_bug: return "EMU BUG";
  }
  return "EMU BUG";
}

ObjectId Machine::object(std::uint32_t kind, const void* address, const void* pc) {
  if (!address) return 0;
  if (const ObjectId known = objects_.find(address)) {
    if (trace_.objects[known].kind == kind) return known;
  }
  if (trace_.objects.size() >= limits::kMaxObjects)
    end(Outcome::limit, "more than " + std::to_string(limits::kMaxObjects) + " objects");
  const auto id = static_cast<ObjectId>(trace_.objects.size());
  Object& made = trace_.objects.emplace_back();
  made.kind = kind;
  made.number = ++object_numbers_[kind];
  made.site = pc ? site_of(pc) : kNoSite;
  made.event = static_cast<std::uint32_t>(trace_.events.size());
  objects_.insert(address, id);
  live_positions_.push_back(static_cast<std::uint32_t>(live_objects_.size()));
  live_objects_.push_back({address, id});
  return id;
}

void Machine::object_gone(const void* address) {
  const ObjectId id = objects_.find(address);
  if (!id) return;
  objects_.erase(address);
  // A thread goes by two addresses, and is in the list once.
  const std::uint32_t position = live_positions_[id];
  if (position >= live_objects_.size() || live_objects_[position].id != id) return;
  live_objects_[position] = live_objects_.back();
  live_positions_[live_objects_[position].id] = position;
  live_objects_.pop_back();
}

void Machine::event(std::uint16_t kind, ObjectId object, std::uint64_t arg, std::uint32_t arg2, const void* pc) {
  append(kind, object, arg, arg2, site_of(pc));
}

void Machine::append(std::uint16_t kind, ObjectId object, std::uint64_t arg, std::uint32_t arg2, std::uint32_t site) {
  const Thread& self = *current_;
  const auto index = static_cast<std::uint32_t>(trace_.events.size());
  // Written in place: a copy of an event just built in small pieces waits for each of them.
  Event& event = trace_.events.emplace_back();
  event.kind = kind;
  event.ddi = pending_[self.id].ddi;
  event.context = context_[self.id];
  event.cpu = self.cpu;
  event.thread = self.id;
  event.irql = cpus_[self.cpu].irql;
  event.depth = self.depth;
  event.activation = self.activations[self.depth].number;
  event.object = object;
  event.arg2 = arg2;
  event.site = site;
  event.arg = arg;
  if (index >= limits::kMaxEvents) end(Outcome::limit, "the trace is longer than " + std::to_string(limits::kMaxEvents));
  if (options_.rules && !tracker_.ignores(event)) judge(index);
}

void Machine::judge(std::uint32_t index) {
  for (const Finding& finding : tracker_.on(trace_, index))
    if (!is_known || !is_known(finding))
      end(finding);
    else if (rule_info(finding.rule).level == Level::fatal || trace_.events[index].kind == EVENT_CallbackLeave)
      end(Outcome::clean, "");
}

void Machine::enter(std::uint32_t callback, ObjectId object, std::uint64_t arg, const void* code) {
  Thread& self = *current_;
  if (self.depth + 1u >= limits::kMaxCallbackDepth)
    end(Outcome::limit, "driver routines nested more than " + std::to_string(limits::kMaxCallbackDepth) + " deep");
  ++self.depth;
  self.seh[self.depth] = nullptr;
  self.activations[self.depth] = {++activations_, static_cast<std::uint16_t>(callback)};
  if (callback == CALLBACK_Dispatch) ++result_.stats.dispatched;
  event(EVENT_CallbackEnter, object, arg, callback, code);
}

void Machine::leave(std::uint32_t callback, ObjectId object, std::uint64_t arg) {
  Thread& self = *current_;
  event(EVENT_CallbackLeave, object, arg, callback, nullptr);
  if (self.depth == 0) end(Outcome::emu_bug, "left a callback that was not entered");
  --self.depth;
}

void Machine::violation(const char* rule, const char* what, ObjectId object, const void* pc) {
  const auto& rules = all_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const RuleInfo& r) { return r.name == rule; });
  if (found == rules.end()) end(Outcome::emu_bug, std::string("no rule is called ") + rule);
  violation(static_cast<RuleId>(found - rules.begin()), what, object, pc);
}

void Machine::irql_violation(const char* what, ObjectId object, const void* pc) {
  violation(irql_rule(trace_, pending_[current_->id].ddi, object), what, object, pc);
}

void Machine::violation(RuleId rule, const char* what, ObjectId object, const void* pc) {
  trace_.notes.emplace_back(what);
  event(EVENT_Violation, object, static_cast<std::uint64_t>(rule), static_cast<std::uint32_t>(trace_.notes.size()), pc);
}

std::uint32_t Machine::choose(std::uint32_t kind, std::uint32_t n) {
  const unsigned self = current_->id;
  const PointView view{std::uint64_t{1} << self, self, self, self, pending_.data(), &trace_.contexts, &point_log_, 0};
  const unsigned answer = strategy_->choose(kind, n, view);
  had_choice_ |= strategy_->may_answer(kind);
  if (answer == 0) return 0;
  decide(Directive::Kind::fail, answer);
  event(EVENT_Chosen, 0, kind, answer, nullptr);
  trace_.events.back().site = pending_[self].site;
  return answer;
}

void Machine::debug_print(const char* text, std::uint32_t size) {
  constexpr std::size_t kKeep = 64u << 10;
  debug_output_.append(text, size);
  if (debug_output_.size() > 2 * kKeep) debug_output_.erase(0, debug_output_.size() - kKeep);
}

void Machine::capture_stack() {
  const Fiber& fiber = current_->fiber;
  const auto* frame = static_cast<const std::uintptr_t*>(__builtin_frame_address(0));
  while (fiber.contains(frame) && fiber.contains(frame + 1)) {
    if (frame[1] - text_begin_ < text_size_) result_.stack.push_back(frame[1]);
    const auto* const next = reinterpret_cast<const std::uintptr_t*>(frame[0]);
    if (next <= frame) break;
    frame = next;
  }
}

void Machine::end(Outcome outcome, std::string message) {
  result_.outcome = outcome;
  result_.message = std::move(message);
  capture_stack();
  stop();
}

void Machine::end(const Finding& finding) {
  result_.outcome = Outcome::driver_bug;
  result_.message = finding.message;
  result_.finding = finding;
  capture_stack();
  stop();
}

}  // namespace wdm
