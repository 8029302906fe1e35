#include <gtest/gtest.h>

#include "emu/rules/locks.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kAcquireForms[] = {MACH_LOCK_SPIN, MACH_LOCK_SPIN | kAtDpc};
const std::uint32_t kReturning[] = {CALLBACK_Dispatch, CALLBACK_Cancel,   CALLBACK_Dpc,    CALLBACK_StartIo,
                                    CALLBACK_WorkItem, CALLBACK_Completion, CALLBACK_Thread, CALLBACK_Unload,
                                    CALLBACK_Isr,      CALLBACK_DriverEntry, CALLBACK_AddDevice};

bool runs_at_dispatch_level(std::uint32_t callback) { return callback == CALLBACK_Dpc || callback == CALLBACK_StartIo; }

// Who judges an ordinary spin lock there.
names judge_in(std::uint32_t callback) { return {runs_at_dispatch_level(callback) ? "SpinLockDpc" : "SpinLock"}; }

TEST(SpinLock, FiresWhenAcquiredAgain) {
  for (std::uint32_t first : kAcquireForms) {
    for (std::uint32_t second : kAcquireForms) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(CALLBACK_Dispatch).acquire(lock, first).attempt(lock, second);
      EXPECT_EQ(run.fired(), names{"SpinLock"}) << first << " " << second;
      EXPECT_EQ(run.finding().event, run.last());
      EXPECT_EQ(run.finding().message, "spin lock acquired again by the CPU that holds it");
      EXPECT_EQ(run.finding().evidence.at(0).text, "acquired Lock A");
    }
  }
}

TEST(SpinLock, SilentWhenReleasedBetween) {
  for (std::uint32_t first : kAcquireForms) {
    for (std::uint32_t second : kAcquireForms) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(CALLBACK_Dispatch).acquire(lock, first).release(lock, 2, first).acquire(lock, second);
      run.release(lock, 2, second).leave(CALLBACK_Dispatch);
      EXPECT_EQ(run.fired(), names{}) << first << " " << second;
    }
  }
}

TEST(SpinLock, FiresInCalledCallback) {  // the lock is held while a StartIo or completion routine takes it
  for (std::uint32_t inner : {CALLBACK_StartIo, CALLBACK_Completion, CALLBACK_Csq, CALLBACK_Other, CALLBACK_Dispatch}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(lock).enter(inner).attempt(lock);
    EXPECT_EQ(run.fired(), judge_in(inner)) << inner;
  }
}

TEST(SpinLock, SilentForAnotherThread) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).thread(2).enter(CALLBACK_Dispatch).attempt(lock);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLock, SilentForNestedOtherLock) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a).acquire(b).release(b, 2).release(a).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLock, SilentForTryOnOwnLock) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).add(EVENT_LockTryFailed, lock, 2, kAtDpc).release(lock);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLock, FiresAfterSuccessfulTry) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dpc).tried(lock).attempt(lock, kAtDpc);
  EXPECT_EQ(run.fired(), names{"SpinLockDpc"});
}

TEST(SpinLockDpc, FiresWhenAcquiredAgain) {
  for (std::uint32_t outer : {CALLBACK_Dpc, CALLBACK_StartIo}) {
    for (std::uint32_t inner : {CALLBACK_COUNT, CALLBACK_Csq, CALLBACK_Other}) {  // none, or one that works for its caller
      for (std::uint32_t first : kAcquireForms) {
        for (std::uint32_t second : kAcquireForms) {
          EventList run;
          const ObjectId lock = run.lock();
          run.at(2).enter(outer).acquire(lock, first);
          if (inner != CALLBACK_COUNT) run.enter(inner);
          run.attempt(lock, second);
          EXPECT_EQ(run.fired(), names{"SpinLockDpc"}) << outer << " " << inner;
          EXPECT_EQ(run.finding().event, run.last());
        }
      }
    }
  }
}

TEST(SpinLockDpc, SilentWhenReleasedBetween) {
  for (std::uint32_t outer : {CALLBACK_Dpc, CALLBACK_StartIo}) {
    for (std::uint32_t kind : kAcquireForms) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(outer).acquire(lock, kind).release(lock, 2, kind).acquire(lock, kind).release(lock, 2, kind);
      run.leave(outer);
      EXPECT_EQ(run.fired(), names{}) << outer;
    }
  }
}

TEST(SpinLockDpc, SilentForExecutiveLocks) {  // SpinLock's everywhere
  for (std::uint32_t kind : {MACH_LOCK_EX_SHARED, MACH_LOCK_EX_EXCLUSIVE}) {
    EventList run;
    const ObjectId lock = run.lock();
    run.at(2).enter(CALLBACK_Dpc).acquire(lock, kind).attempt(lock, kind);
    EXPECT_EQ(run.fired(), names{"SpinLock"});
  }
}

TEST(SpinLockDpc, SilentInWhatADpcInterrupts) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).enter(CALLBACK_Dpc).leave(CALLBACK_Dpc).acquire(lock).attempt(lock);
  EXPECT_EQ(run.fired(), names{"SpinLock"});
}

TEST(SpinLock, FiresWhenHeldAtReturn) {
  for (std::uint32_t callback : kReturning) {
    for (std::uint32_t kind : {MACH_LOCK_SPIN + 0u, MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_EX_EXCLUSIVE + 0u,
                               MACH_LOCK_EX_SHARED + 0u, MACH_LOCK_INTERRUPT + 0u}) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(callback).acquire(lock, kind);
      const std::uint32_t acquire = run.last();
      run.leave(callback);
      EXPECT_EQ(run.fired(), lock_base(kind) == MACH_LOCK_SPIN ? judge_in(callback) : names{"SpinLock"}) << callback << " " << kind;
      EXPECT_EQ(run.finding().event, acquire) << "the line to look at is the acquire";
      EXPECT_EQ(run.finding().evidence.at(0).event, run.last());
    }
  }
}

TEST(SpinLock, SilentWhenReleasedBeforeReturn) {
  for (std::uint32_t callback : kReturning) {
    for (std::uint32_t kind : {MACH_LOCK_SPIN + 0u, MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_EX_EXCLUSIVE + 0u,
                               MACH_LOCK_EX_SHARED + 0u, MACH_LOCK_INTERRUPT + 0u}) {
      EventList run;
      const ObjectId lock = run.lock();
      run.at(2).enter(callback).acquire(lock, kind).release(lock, 2, kind).leave(callback);
      EXPECT_EQ(run.fired(), names{}) << callback << " " << kind;
    }
  }
}

TEST(SpinLock, FiresWhenTakenByQueueCallbackAndKept) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).enter(CALLBACK_Csq).acquire(lock).leave(CALLBACK_Csq).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{"SpinLock"});
}

TEST(SpinLock, SilentWhenQueueCallbacksTakeAndRelease) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).enter(CALLBACK_Csq).acquire(lock).leave(CALLBACK_Csq);
  run.enter(CALLBACK_Csq).leave(CALLBACK_Csq).enter(CALLBACK_Csq).release(lock).leave(CALLBACK_Csq);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

TEST(SpinLock, FiresAtThreadExit) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Thread).acquire(lock).add(EVENT_ThreadExit);
  EXPECT_EQ(run.fired(), names{"SpinLock"});
}

TEST(SpinLock, SilentForLockOfTheCaller) {  // held around a nested routine, released after it
  for (std::uint32_t inner : kReturning) {
    EventList run;
    const ObjectId lock = run.lock();
    run.enter(CALLBACK_Dispatch).acquire(lock).enter(inner).leave(inner).release(lock).leave(CALLBACK_Dispatch);
    EXPECT_EQ(run.fired(), names{}) << inner;
  }
}

TEST(SpinLock, IgnoresLocksOfTheKernel) {
  EventList run;
  const ObjectId lock = run.lock();
  run.at(2).enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_INTERNAL).attempt(lock, MACH_LOCK_INTERNAL);
  run.leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

// Every sequence of up to six acquires and releases of two locks in one dispatch routine, against the obvious model.
TEST(SpinLock, EverySmallSequence) {
  for (int length = 0; length <= 6; ++length) {
    for (int code = 0; code < 1 << (2 * length); ++code) {
      EventList run;
      const ObjectId locks[] = {run.lock(), run.lock()};
      run.at(2).enter(CALLBACK_Dispatch);
      bool held[2] = {false, false};
      std::string expected;
      for (int step = 0; step < length && expected.empty(); ++step) {
        const int which = code >> (2 * step) & 1;
        const bool acquires = (code >> (2 * step + 1) & 1) == 0;
        if (acquires && held[which]) expected = "SpinLock";
        if (!acquires && !held[which]) expected = "SpinlockRelease";
        if (!expected.empty() && acquires) run.attempt(locks[which], kAtDpc);
        else if (acquires) run.acquire(locks[which], kAtDpc);
        else run.release(locks[which], 2, kAtDpc);
        held[which] = acquires;
      }
      if (expected.empty()) {
        run.leave(CALLBACK_Dispatch);
        if (held[0] || held[1]) expected = "SpinLock";
      }
      EXPECT_EQ(run.fired({"LockOrder"}), expected.empty() ? names{} : names{expected}) << length << " " << code;
    }
  }
}

TEST(SpinLock, FiresForExecutiveLocksAcquiredAgainInAnyMode) {
  for (std::uint32_t first : {MACH_LOCK_EX_SHARED, MACH_LOCK_EX_EXCLUSIVE}) {
    for (std::uint32_t second : {MACH_LOCK_EX_SHARED, MACH_LOCK_EX_EXCLUSIVE}) {
      EventList run;
      const ObjectId lock = run.raw_lock();
      run.enter(CALLBACK_Dispatch).acquire(lock, first).attempt(lock, second | kAtDpc);
      EXPECT_EQ(run.fired(), names{"SpinLock"}) << first << " " << second;
    }
  }
}

TEST(SpinLock, SilentForTwoReadersAndForOneThatConverts) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.thread(1).enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_EX_SHARED);
  run.thread(2).enter(CALLBACK_Dispatch).acquire(lock, MACH_LOCK_EX_SHARED).release(lock, 0, MACH_LOCK_EX_SHARED);
  run.leave(CALLBACK_Dispatch).thread(1).add(EVENT_LockAcquired, lock, 2, MACH_LOCK_EX_EXCLUSIVE);
  run.release(lock, 0, MACH_LOCK_EX_EXCLUSIVE).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

}  // namespace
}  // namespace wdm
