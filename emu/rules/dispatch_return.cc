#include "emu/rules/dispatch_return.h"

#include "emu/trace/ddi_numbers.h"

namespace wdm {
namespace {

// IoCsqInsertIrp marks the IRP itself.
bool marked_by_queue(const Trace& trace, std::uint32_t queued, std::uint32_t entered) {
  return queued > entered + 1 && ddi_name(trace.events[queued - 1].ddi).starts_with("IoCsqInsertIrp");
}

bool by_routine(const Trace& trace, std::uint32_t stamp, const Activation& routine) {
  return stamp > routine.event + 1 && trace.events[stamp - 1].activation == routine.number;
}

// Was it passed down by IoForwardIrpSynchronously?
bool caught_by(const Trace& trace, std::uint32_t forwarded, const Activation& routine) {
  return by_routine(trace, forwarded, routine) && trace.events[forwarded - 1].ddi == DDI_IoForwardIrpSynchronously;
}

}  // namespace

std::optional<DispatchReturn> dispatch_return(const Trace& trace, std::uint32_t index, const Ledger& ledger) {
  const Event& event = trace.events[index];
  const auto activations = ledger.activations(event.thread);
  if (event.arg2 != CALLBACK_Dispatch || event.object == 0 || activations.empty()) return std::nullopt;
  const Activation& routine = activations.back();
  if (routine.callback != CALLBACK_Dispatch || routine.object != event.object) return std::nullopt;

  const std::uint32_t entered = routine.event;
  const IrpState& irp = ledger.irp(event.object);
  DispatchReturn result{};
  result.entered = entered;
  result.returns_pending = event.arg == kStatusPending;
  result.marked = irp.marked_pending > entered + 1 || marked_by_queue(trace, irp.queued, entered);
  result.marked_itself = by_routine(trace, irp.marked_pending, routine);
  result.forwarded = irp.forwarded > entered + 1;
  result.completed_itself = by_routine(trace, irp.last_complete, routine);
  result.lower_got_it = irp.dispatched > entered + 1;
  result.gave_up = irp.last_complete > entered + 1;
  const bool keeps = by_routine(trace, irp.completion_set, routine) || caught_by(trace, irp.forwarded, routine);
  result.others_back = irp.back > entered + 1 && !(result.forwarded && keeps);
  result.back = result.forwarded && (irp.back > irp.forwarded || irp.completing > 0);
  return result;
}

std::uint32_t last_use(const Trace& trace, std::uint32_t entered, std::uint32_t left) {
  const Event& leave = trace.events[left];
  for (std::uint32_t index = left; index-- > entered + 1;) {
    const Event& event = trace.events[index];
    if (event.thread == leave.thread && event.object == leave.object && event.site != kNoSite) return index;
  }
  return entered;
}

}  // namespace wdm
