#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

TEST(Deadlock, FiresForInterrupterOnTheSameProcessor) {
  for (std::uint32_t interrupter : {CALLBACK_Dpc, CALLBACK_Isr}) {
    for (std::uint32_t kind : {MACH_LOCK_SPIN, MACH_LOCK_QUEUED, MACH_LOCK_CANCEL, MACH_LOCK_EX_EXCLUSIVE}) {
      EventList run;
      const ObjectId lock = run.lock();
      run.enter(CALLBACK_Dispatch).acquire(lock, kind | kAtDpc);
      const std::uint32_t acquire = run.last();
      run.at(2).enter(interrupter).attempt(lock, kind | kAtDpc);
      EXPECT_EQ(run.fired(), names{"Deadlock"}) << interrupter << " " << kind;
      EXPECT_EQ(run.finding().evidence.at(0).event, acquire);
    }
  }
}

TEST(Deadlock, SilentForDpcOnAnotherProcessor) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).at(2).enter(CALLBACK_Dpc).attempt(lock, kAtDpc);
  run.thread(1).release(lock).leave(CALLBACK_Dispatch);
  run.thread(2).add(EVENT_LockAcquired, lock, 2, kAtDpc).release(lock, 2, kAtDpc).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Deadlock, SilentForDpcThatTakesAnotherLock) {
  EventList run;
  const ObjectId lock = run.lock(), other = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, kAtDpc).at(2).enter(CALLBACK_Dpc);
  run.acquire(other, kAtDpc).release(other, 2, kAtDpc).leave(CALLBACK_Dpc).at(0).release(lock, 0, kAtDpc);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Deadlock, SilentWhenItIsTheRoutinesOwnLock) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dpc).acquire(lock, kAtDpc).attempt(lock, kAtDpc);
  EXPECT_EQ(run.fired(), names{"SpinLockDpc"});
}

TEST(Deadlock, SilentForSharedReaders) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_EX_SHARED | kAtDpc).at(2).enter(CALLBACK_Dpc);
  run.acquire(lock, MACH_LOCK_EX_SHARED | kAtDpc).release(lock, 2, MACH_LOCK_EX_SHARED | kAtDpc).leave(CALLBACK_Dpc);
  run.at(0).release(lock, 0, MACH_LOCK_EX_SHARED | kAtDpc).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(Deadlock, NamesTheRoutineThatWaitsForNoObject) {
  EventList run;
  run.enter(CALLBACK_Dispatch).inside(DDI_KeFlushQueuedDpcs).add(EVENT_Stuck, 0, 2, 0);
  EXPECT_EQ(run.fired(), names{"Deadlock"});
  EXPECT_NE(run.finding().message.find("T1 waits in KeFlushQueuedDpcs"), std::string::npos) << run.finding().message;
}

TEST(Deadlock, NamesTheWholeCircle) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.thread(1).enter(CALLBACK_Dispatch).acquire(a).thread(2).enter(CALLBACK_Dispatch).acquire(b);
  run.thread(1).attempt(b);
  const std::uint32_t attempt = run.last();
  run.thread(2).attempt(a);
  run.thread(1).add(EVENT_Stuck, b, 1, 3).thread(2).add(EVENT_Stuck, a, 1, 2);
  EXPECT_EQ(run.fired({"LockOrder"}), names{"Deadlock"});
  const Finding finding = run.findings({"LockOrder"}).at(0);
  EXPECT_EQ(finding.message, "T1 spins for Lock B, which T2 holds; T2 spins for Lock A, which T1 holds");
  EXPECT_EQ(finding.event, attempt);
  EXPECT_EQ(finding.evidence.at(0).text, "acquired Lock B");
}

TEST(Deadlock, FollowsOwnersOfMutexesAndResources) {
  EventList run;
  const ObjectId mutex = run.object(OBJECT_Mutex), resource = run.object(OBJECT_Resource);
  run.thread(1).enter(CALLBACK_Dispatch).add(EVENT_Own, mutex, 2);
  const std::uint32_t owned = run.last();
  run.thread(2).enter(CALLBACK_Dispatch).add(EVENT_Own, resource, 3).add(EVENT_WaitBegin, mutex);
  run.thread(1).add(EVENT_WaitBegin, resource).add(EVENT_Stuck, resource, 2, 0);
  EXPECT_EQ(run.fired(), names{"Deadlock"});
  EXPECT_EQ(run.finding().message, "T1 waits for Resource 1, which T2 holds; T2 waits for Mutex 1, which T1 holds");
  EXPECT_EQ(run.finding().evidence.at(2).event, owned);
}

TEST(Deadlock, NamesTheOwnerThatWaitsToo) {
  EventList run;
  const ObjectId resource = run.object(OBJECT_Resource), event = run.object(OBJECT_Event);
  run.thread(2).add(EVENT_Own, resource, 3).thread(3).add(EVENT_Own, resource, 4).add(EVENT_WaitBegin, event);
  run.thread(4).add(EVENT_Own, resource, 5).add(EVENT_Disown, resource, 5);
  run.thread(1).enter(CALLBACK_Dispatch).add(EVENT_WaitBegin, resource).add(EVENT_Stuck, resource, 2, 0);
  EXPECT_EQ(run.finding().message, "T1 waits for Resource 1, which T3 holds; T3 waits for Event 1");
}

// The number of a thread that has ended is given to the next one, which owns nothing of the old one's.
TEST(Deadlock, ForgetsWhatAThreadThatEndedOwned) {
  EventList run;
  const ObjectId resource = run.object(OBJECT_Resource), event = run.object(OBJECT_Event);
  run.thread(2).add(EVENT_Own, resource, 3).add(EVENT_ThreadExit).add(EVENT_WaitBegin, event);
  run.thread(1).enter(CALLBACK_Dispatch).add(EVENT_WaitBegin, resource).add(EVENT_Stuck, resource, 2, 0);
  EXPECT_EQ(run.finding().message, "T1 waits for Resource 1");
}

TEST(Deadlock, FiresForLockOfAThreadThatIsGone) {
  EventList run;
  const ObjectId lock = run.lock();
  run.thread(1).enter(CALLBACK_Other).acquire(lock).leave(CALLBACK_Other);
  run.thread(2).enter(CALLBACK_Dispatch).attempt(lock).add(EVENT_Stuck, lock, 1, 2);
  EXPECT_EQ(run.finding().message, "T2 spins for Lock A, which T1 holds");
}

TEST(Deadlock, FiresForWaitInTheDriver) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  run.enter(CALLBACK_Dispatch).add(EVENT_WaitBegin, event);
  const std::uint32_t wait = run.last();
  run.outside([&] { run.add(EVENT_Stuck, event, 2, 0); });
  EXPECT_EQ(run.fired(), names{"Deadlock"});
  EXPECT_EQ(run.finding().message, "T1 waits for Event 1");
  EXPECT_EQ(run.finding().event, wait);
}

TEST(Deadlock, SilentForWaitOutsideTheDriver) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  run.outside([&] { run.add(EVENT_WaitBegin, event).add(EVENT_Stuck, event, 2, 0); });
  EXPECT_EQ(run.fired(), names{});
}

TEST(Deadlock, PrefersTheSpinningThread) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event), lock = run.lock();
  run.thread(1).enter(CALLBACK_Thread).add(EVENT_WaitBegin, event);
  run.thread(2).enter(CALLBACK_Other).acquire(lock).leave(CALLBACK_Other);
  run.thread(3).enter(CALLBACK_Dispatch).attempt(lock);
  run.thread(1).add(EVENT_Stuck, event, 2, 0).thread(3).add(EVENT_Stuck, lock, 1, 3);
  EXPECT_EQ(run.fired(), names{"Deadlock"});
  EXPECT_EQ(run.finding().message, "T3 spins for Lock A, which T2 holds");
}

TEST(Deadlock, SilentForWaitsThatEnd) {
  EventList run;
  const ObjectId event = run.object(OBJECT_Event);
  run.enter(CALLBACK_Dispatch).add(EVENT_WaitBegin, event).add(EVENT_WaitEnd, event).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
