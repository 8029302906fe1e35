#include <gtest/gtest.h>

#include "tests/emu/rules/irp_events.h"

namespace wdm {
namespace {

constexpr std::uint16_t kControl = DDI_IoBuildDeviceIoControlRequest, kFsd = DDI_IoBuildSynchronousFsdRequest;

const char* wait_rule(std::uint16_t origin) {
  return origin == kControl ? "IoBuildDeviceControlWait" : "IoBuildSynchronousFsdRequestWait";
}

// What can become of it before the routine that sent it returns.
enum class End { pending, completed, taken_back, in_own_device };

names judge(std::uint16_t origin, bool on_stack, End end, bool thread_exit) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  run.enter(thread_exit ? CALLBACK_Thread : CALLBACK_WorkItem);
  const ObjectId irp = made(run, origin, event, 3 | (on_stack ? kEventOnStack : 0));
  set_routine(run, irp).forward(irp, 3, 0, EventList::kWithCompletion);
  if (end == End::in_own_device) run.dispatch(irp, 3).add(EVENT_IrpMarkPending, irp).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.forwarded(irp, kPendingStatus);
  if (end == End::completed) gone(below_completes(run, irp), irp);
  if (end == End::taken_back) taken_back(below_completes(run, irp), irp);
  if (thread_exit) run.add(EVENT_ThreadExit);
  else run.leave(CALLBACK_WorkItem);
  return run.fired();
}

TEST(SynchronousIrp, ReturnsWithTheEventOnItsStack) {
  for (const std::uint16_t origin : {kControl, kFsd})
    for (const bool on_stack : {false, true})
      for (const End end : {End::pending, End::completed, End::taken_back, End::in_own_device})
        for (const bool thread_exit : {false, true}) {
          const bool bad = on_stack && (end == End::pending || end == End::in_own_device);
          EXPECT_EQ(judge(origin, on_stack, end, thread_exit), bad ? names{wait_rule(origin)} : names{})
              << static_cast<int>(end);
        }
}

TEST(SynchronousIrp, SilentForTheReturnOfAnotherRoutine) {
  for (const std::uint16_t origin : {kControl, kFsd}) {
    EventList run;
    const ObjectId event = run.object(OBJECT_Event);
    run.enter(CALLBACK_WorkItem);
    const ObjectId irp = made(run, origin, event, 3 | kEventOnStack);
    run.forward(irp).forwarded(irp, kPendingStatus);
    run.enter(CALLBACK_Dpc).leave(CALLBACK_Dpc).thread(2).enter(CALLBACK_Dpc).leave(CALLBACK_Dpc);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(SynchronousIrp, DriverSetsTheEvent) {
  for (const std::uint16_t origin : {kControl, kFsd})
    for (const bool in_routine : {false, true})
      for (const bool takes_back : {false, true})
        for (const bool same : {false, true}) {
          EventList run;
          const ObjectId event = run.object(OBJECT_Event), other = run.object(OBJECT_Event);
          run.enter(CALLBACK_WorkItem);
          const ObjectId irp = made(run, origin, event, 14);
          set_routine(run, irp).forward(irp, 14, 0, EventList::kWithCompletion);
          below_completes(run, irp).enter(CALLBACK_Completion, irp);
          const auto set = [&] { run.inside(DDI_KeSetEvent).add(EVENT_Signal, same ? event : other).inside(DDI_None); };
          if (in_routine) set();
          run.leave(CALLBACK_Completion, irp, takes_back ? kMoreProcessing : 0).forwarded(irp);
          if (!in_routine) set();
          const bool bad = origin == kControl && same && !(in_routine && takes_back);
          EXPECT_EQ(run.fired(), bad ? names{"IoBuildDeviceIoControlSetEvent"} : names{});
        }
}

TEST(SynchronousIrp, SilentWhenTheEventIsSetBeforeOrAfter) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  run.enter(CALLBACK_WorkItem);
  const ObjectId irp = made(run, kControl, event, 14);
  run.inside(DDI_KeSetEvent).add(EVENT_Signal, event).inside(DDI_None).forward(irp, 14);
  gone(below_completes(run, irp), irp).forwarded(irp).inside(DDI_KeSetEvent).add(EVENT_Signal, event);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
