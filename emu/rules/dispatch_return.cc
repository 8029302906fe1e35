#include "emu/rules/dispatch_return.h"

namespace wdm {
namespace {

// IoCsqInsertIrp marks the IRP itself.
bool marked_by_queue(const Trace& trace, std::uint32_t queued, std::uint32_t entered) {
  return queued > entered + 1 && ddi_name(trace.events[queued - 1].ddi).starts_with("IoCsqInsertIrp");
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
  return DispatchReturn{entered, event.arg == kStatusPending,
                        irp.marked_pending > entered + 1 || marked_by_queue(trace, irp.queued, entered),
                        irp.forwarded > entered + 1};
}

}  // namespace wdm
