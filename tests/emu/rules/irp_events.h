// What tests of the IRP rules add to EventList.
#pragma once

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {

inline constexpr std::uint64_t kFailed = 0xC0000001;

// An IRP that the driver makes with that DDI.
inline ObjectId made(EventList& run, std::uint16_t ddi, ObjectId event = 0, std::uint64_t arg = 3) {
  const ObjectId irp = run.object(OBJECT_Irp);
  run.inside(ddi).add(EVENT_IrpCreate, irp, arg, event).inside(DDI_None);
  return irp;
}
inline EventList& set_routine(EventList& run, ObjectId irp, std::uint64_t how = kCompletionSet) {
  return run.add(EVENT_IrpSetCompletion, irp, how);
}
// A device of the kernel below the driver completes it; the way up is what follows.
inline EventList& below_completes(EventList& run, ObjectId irp) {
  return run.outside([&] { run.add(EVENT_IrpComplete, irp); });
}
// It has gone all the way up.
inline EventList& gone(EventList& run, ObjectId irp) {
  return run.outside([&] { run.add(EVENT_IrpCompleted, irp); });
}
inline EventList& taken_back(EventList& run, ObjectId irp) {
  return run.enter(CALLBACK_Completion, irp).leave(CALLBACK_Completion, irp, kMoreProcessing);
}

// Passed down with a completion routine that takes it back before IoCallDriver returns.
inline EventList& passed_down_and_back(EventList& run, ObjectId irp, std::uint8_t major, std::uint8_t minor) {
  set_routine(run, irp).forward(irp, major, minor, EventList::kWithCompletion);
  return taken_back(below_completes(run, irp), irp).forwarded(irp);
}

}  // namespace wdm
