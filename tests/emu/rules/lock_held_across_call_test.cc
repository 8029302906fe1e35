#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

names advised(const EventList& run) {
  Tracker tracker;
  tracker.enable("LockHeldAcrossCall", true);
  names fired;
  for (const Finding& finding : tracker.judge(run.trace)) fired.emplace_back(rule_info(finding.rule).name);
  return fired;
}

const std::uint32_t kKinds[] = {MACH_LOCK_SPIN, MACH_LOCK_QUEUED, MACH_LOCK_CANCEL, MACH_LOCK_EX_SHARED,
                                MACH_LOCK_EX_EXCLUSIVE, MACH_LOCK_INTERRUPT};

TEST(LockHeldAcrossCall, AdvisesUnderAnyLock) {
  for (std::uint32_t kind : kKinds) {
    EventList run;
    const ObjectId lock = run.lock(), irp = run.irp();
    run.enter(CALLBACK_WorkItem).acquire(lock, kind).forward(irp).forwarded(irp).release(lock, 0, kind);
    run.leave(CALLBACK_WorkItem);
    EXPECT_EQ(advised(run), names{"LockHeldAcrossCall"}) << kind;
    EXPECT_EQ(run.fired(), names{}) << "only when asked for";
  }
}

TEST(LockHeldAcrossCall, SilentWhenReleasedBefore) {
  for (std::uint32_t kind : kKinds) {
    EventList run;
    const ObjectId lock = run.lock(), irp = run.irp();
    run.enter(CALLBACK_WorkItem).acquire(lock, kind).release(lock, 0, kind).forward(irp).forwarded(irp);
    run.leave(CALLBACK_WorkItem);
    EXPECT_EQ(advised(run), names{}) << kind;
  }
}

TEST(LockHeldAcrossCall, SilentForADpcOverALockAndForAnotherThread) {
  for (const bool dpc : {true, false}) {
    EventList run;
    const ObjectId lock = run.lock(), irp = run.irp();
    run.enter(CALLBACK_WorkItem).acquire(lock);
    dpc ? run.enter(CALLBACK_Dpc) : run.thread(2).enter(CALLBACK_WorkItem);
    run.forward(irp).forwarded(irp);
    EXPECT_EQ(advised(run), names{});
  }
}

}  // namespace
}  // namespace wdm
