#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kKinds[] = {OBJECT_Mutex, OBJECT_PushLock, OBJECT_Resource};

TEST(LockLeftByThread, FiresWhenAThreadEnds) {
  for (std::uint32_t kind : kKinds) {
    for (const std::uint64_t shared : {0, 1}) {
      for (const bool terminates : {false, true}) {
        EventList run;
        const ObjectId lock = run.object(kind);
        run.enter(CALLBACK_Thread).add(EVENT_Own, lock, 2, static_cast<std::uint32_t>(shared));
        const std::uint32_t acquire = run.last();
        if (terminates) run.call(DDI_PsTerminateSystemThread);
        if (!terminates) run.leave(CALLBACK_Thread);
        run.add(EVENT_ThreadExit);
        EXPECT_EQ(run.fired(), names{"LockLeftByThread"}) << kind;
        EXPECT_EQ(run.finding().event, acquire);
      }
    }
  }
}

TEST(LockLeftByThread, SilentWhenReleasedBefore) {
  for (std::uint32_t kind : kKinds) {
    for (std::uint32_t callback : {CALLBACK_Thread, CALLBACK_WorkItem, CALLBACK_Dispatch}) {
      EventList run;
      const ObjectId lock = run.object(kind);
      run.enter(callback).add(EVENT_Own, lock, 2).add(EVENT_Disown, lock, 2).leave(callback);
      EXPECT_EQ(run.fired(), names{}) << kind << " " << callback;
    }
  }
}

TEST(LockLeftByThread, JudgesWorkItemsAndDispatchRoutines) {
  for (std::uint32_t kind : {OBJECT_Mutex, OBJECT_PushLock}) {
    for (std::uint32_t callback : {CALLBACK_WorkItem, CALLBACK_Dispatch}) {
      EventList run;
      const ObjectId lock = run.object(kind);
      run.enter(callback).add(EVENT_Own, lock, 2).leave(callback);
      const bool judged = callback == CALLBACK_WorkItem || kind == OBJECT_Mutex;
      EXPECT_EQ(run.fired(), judged ? names{"LockLeftByThread"} : names{}) << kind << " " << callback;
    }
  }
}

TEST(LockLeftByThread, SilentForARoutineThatTheDriverCalledItself) {
  EventList run;
  const ObjectId lock = run.object(OBJECT_Mutex), irp = run.irp();
  run.enter(CALLBACK_WorkItem).enter(CALLBACK_Dispatch, irp).add(EVENT_Own, lock, 2).complete(irp).leave(CALLBACK_Dispatch, irp);
  run.add(EVENT_Disown, lock, 2).leave(CALLBACK_WorkItem);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockLeftByThread, SilentForALockOfAnotherThread) {
  EventList run;
  const ObjectId lock = run.object(OBJECT_Mutex);
  run.enter(CALLBACK_Thread).add(EVENT_Own, lock, 2).thread(2).enter(CALLBACK_Thread).leave(CALLBACK_Thread);
  run.thread(1).add(EVENT_Disown, lock, 2).leave(CALLBACK_Thread);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockLeftByThread, LeavesAFastMutexThatKeepsTheIrqlToIrqlReturn) {
  EventList run;
  const ObjectId lock = run.object(OBJECT_Mutex), irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).complete(irp).raise(1).add(EVENT_Own, lock, 2).leave(CALLBACK_Dispatch, irp);
  EXPECT_EQ(run.fired(), names{"IrqlReturn"});
}

}  // namespace
}  // namespace wdm
