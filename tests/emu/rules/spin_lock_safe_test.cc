#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kKinds[] = {MACH_LOCK_SPIN,      MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_QUEUED,
                                MACH_LOCK_CANCEL,    MACH_LOCK_EX_SHARED,     MACH_LOCK_EX_EXCLUSIVE,
                                MACH_LOCK_INTERRUPT};

TEST(SpinLockSafe, FiresForCompletionUnderAnyLock) {
  for (std::uint32_t kind : kKinds) {
    EventList run;
    const ObjectId irp = run.irp(), lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch, irp).acquire(lock, kind).add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), names{"SpinLockSafe"}) << kind;
    EXPECT_EQ(run.finding().message, "IoCompleteRequest called while Lock A is held");
  }
}

TEST(SpinLockSafe, SilentForCompletionAfterRelease) {
  for (std::uint32_t kind : kKinds) {
    EventList run;
    const ObjectId irp = run.irp(), lock = run.lock();
    run.at(2).enter(CALLBACK_Dispatch, irp).acquire(lock, kind).release(lock, 2, kind).add(EVENT_IrpComplete, irp);
    EXPECT_EQ(run.fired(), names{}) << kind;
  }
}

TEST(SpinLockSafe, FiresForIoStartNextPacket) {
  for (const char* name : {"IoStartNextPacket", "IoStartNextPacketByKey"}) {
    if (find_ddi(name) == DDI_None) continue;
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dpc).acquire(lock).call(find_ddi(name));
    EXPECT_EQ(run.fired(), names{"SpinLockSafe"}) << name;
  }
}

TEST(SpinLockSafe, SilentForOtherDdiUnderLock) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dpc).acquire(lock).call(DDI_KeInitializeSpinLock).release(lock, 2).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLockSafe, FiresInCancelRoutineThatKeepsTheCancelLock) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.raw_lock();
  run.acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel, irp).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"SpinLockSafe"});
}

TEST(SpinLockSafe, SilentInCancelRoutineThatReleasedTheCancelLock) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.raw_lock();
  run.acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel, irp).release(lock, 0, MACH_LOCK_CANCEL);
  run.add(EVENT_IrpComplete, irp).leave(CALLBACK_Cancel, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLockSafe, FiresInCalledRoutine) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock();
  run.enter(CALLBACK_Dispatch, irp).acquire(lock).enter(CALLBACK_StartIo, irp).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{"SpinLockSafe"});
}

TEST(SpinLockSafe, SilentForLockOfAnotherThread) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).enter(CALLBACK_Dispatch, irp).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLockSafe, SilentForLockOfInterruptedCode) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, kAtDpc).enter(CALLBACK_Dpc).add(EVENT_IrpComplete, irp);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLockSafe, SilentForCompletionByTheKernel) {
  EventList run;
  const ObjectId irp = run.irp(), lock = run.lock();
  run.enter(CALLBACK_Dispatch, irp).acquire(lock).forward(irp);
  run.outside([&] { run.add(EVENT_IrpComplete, irp); }).release(lock).leave(CALLBACK_Dispatch, irp);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
