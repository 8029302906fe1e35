#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

// Why the event is not set.
enum class Why { routine_forgets, no_routine, not_called, pending };

struct Origin {
  std::uint16_t ddi;
  const char* prefix;
};

constexpr Origin kOrigins[] = {{DDI_None, "SignalEventInCompletion"},
                               {DDI_IoAllocateIrp, "IoAllocateIrpSignalEventInCompletion"},
                               {DDI_IoBuildAsynchronousFsdRequest, "IoBuildFsdIrpSignalEventInCompletion"}};

// `set`: the event was set all the same, and the thread waits for it again.
EventList hang(std::uint16_t ddi, Why why, bool set) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  ObjectId irp = run.irp();
  run.dispatch(irp, 3);
  if (ddi != DDI_None) irp = made(run, ddi);
  if (why != Why::no_routine) set_routine(run, irp);
  run.forward(irp, 3, 0, why != Why::no_routine ? EventList::kWithCompletion : 0).forwarded(irp, kPendingStatus);
  run.add(EVENT_WaitBegin, event).thread(2);
  if (why != Why::pending) below_completes(run, irp);
  if (why == Why::routine_forgets) taken_back(run, irp);
  if (set) run.add(EVENT_Signal, event);
  run.thread(1);
  run.add(EVENT_Stuck, event, 2);
  return run;
}

TEST(SignalEventInCompletion, ByOriginAndReason) {
  for (const Origin& origin : kOrigins)
    for (const Why why : {Why::routine_forgets, Why::no_routine, Why::not_called, Why::pending})
      for (const bool set : {false, true}) {
        static constexpr const char* suffixes[] = {"", "2", "3", "Timeout"};
        std::string rule = std::string(origin.prefix) + suffixes[static_cast<int>(why)];
        if (set || rule == "SignalEventInCompletionTimeout") rule = "Deadlock";
        EXPECT_EQ(hang(origin.ddi, why, set).fired({"IoAllocateForward", "IoBuildFsdForward"}), names{rule});
      }
}

TEST(SignalEventInCompletion, SaysWhatForgets) {
  const EventList run = hang(DDI_None, Why::routine_forgets, false);
  const Finding finding = run.finding();
  EXPECT_EQ(run.trace.events[finding.event].kind, EVENT_WaitBegin);
  EXPECT_EQ(run.trace.events[finding.evidence.at(0).event].kind, EVENT_CallbackEnter);
  EXPECT_EQ(run.trace.events[finding.evidence.at(1).event].kind, EVENT_IrpForward);
}

TEST(SignalEventInCompletion, EventOfTheIoManager) {
  for (const std::uint16_t ddi : {DDI_IoBuildDeviceIoControlRequest, DDI_IoBuildSynchronousFsdRequest})
    for (const bool its_event : {false, true})
      for (const bool fails_at_once : {false, true}) {
        EventList run;
        const ObjectId event = run.object(OBJECT_Event), other = run.object(OBJECT_Event);
        run.enter(CALLBACK_WorkItem);
        const ObjectId irp = made(run, ddi, event);
        run.forward(irp);
        if (fails_at_once) gone(below_completes(run, irp), irp);
        run.forwarded(irp, fails_at_once ? kFailed : kPendingStatus);
        run.add(EVENT_WaitBegin, its_event ? event : other).add(EVENT_Stuck, its_event ? event : other, 2);
        const char* rule = ddi == DDI_IoBuildDeviceIoControlRequest ? "IoBuildDeviceControlWaitTimeout"
                                                                    : "IoBuildSynchronousFsdRequestWaitTimeout";
        EXPECT_EQ(run.fired(), names{its_event ? rule : "Deadlock"});
      }
}

TEST(SignalEventInCompletion, OthersAreDeadlocks) {
  EventList run;
  const ObjectId irp = run.irp(), event = run.object(OBJECT_Event);
  run.dispatch(irp, 3).add(EVENT_WaitBegin, event).add(EVENT_Stuck, event, 2);
  EXPECT_EQ(run.fired(), names{"Deadlock"});
}

// The routine that waits has not sent it.
TEST(SignalEventInCompletion, SilentForIrpsOfOtherRoutines) {
  EventList run;
  const ObjectId irp = run.irp(), event = run.object(OBJECT_Event), other = run.irp();
  run.dispatch(irp, 3).forward(irp).forwarded(irp, kPendingStatus).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.dispatch(other, 3).add(EVENT_WaitBegin, event).add(EVENT_Stuck, event, 2);
  EXPECT_EQ(run.fired(), names{"Deadlock"});
}

}  // namespace
}  // namespace wdm
