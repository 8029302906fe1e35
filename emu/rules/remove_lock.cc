#include "emu/rules/remove_lock.h"

#include <algorithm>

#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

bool is_done(const Ledger& ledger, ObjectId irp) {
  const IrpState& state = ledger.irp(irp);
  return state.completed != 0 || state.gone != 0;
}

bool runs(const Ledger& ledger, const Event& acquired) {
  const auto activations = ledger.activations(acquired.thread);
  return std::ranges::any_of(activations, [&](const Activation& one) { return one.number == acquired.activation; });
}

}  // namespace

std::optional<DispatchCall> acquired_for(const Trace& trace, const RemoveHold& hold) {
  if (hold.dispatched == 0) return std::nullopt;
  return DispatchCall(trace.events[hold.dispatched - 1].arg);
}

bool is_forgotten(const Trace& trace, const RemoveHold& hold, const Ledger& ledger) {
  if (runs(ledger, trace.events[hold.event])) return false;
  if (hold.tag != 0) return is_done(ledger, hold.tag);
  return hold.dispatched == 0 || is_done(ledger, trace.events[hold.dispatched - 1].object);
}

const RemoveHold* waits_for_forgotten(const Trace& trace, std::uint32_t index, const Ledger& ledger) {
  const Event& stuck = trace.events[index];
  const RemoveWait* wait = ledger.remove_wait(stuck.thread);
  if (wait == nullptr || stuck.ddi != DDI_IoReleaseRemoveLockAndWaitEx) return nullptr;
  const auto holds = ledger.remove_holds();
  const auto found = std::ranges::find_if(holds, [&](const RemoveHold& hold) {
    return hold.lock == wait->lock && is_forgotten(trace, hold, ledger);
  });
  return found == holds.end() ? nullptr : &*found;
}

}  // namespace wdm
