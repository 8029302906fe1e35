#include <gtest/gtest.h>

#include <algorithm>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kOrdered[] = {MACH_LOCK_SPIN, MACH_LOCK_SPIN | kAtDpc, MACH_LOCK_QUEUED, MACH_LOCK_CANCEL};

struct Taken {
  ObjectId lock;
  std::uint32_t kind = MACH_LOCK_SPIN | kAtDpc;
};

// Acquires the locks one inside the other, then releases them.
void nest(EventList& run, std::vector<Taken> locks) {
  for (Taken taken : locks) run.acquire(taken.lock, taken.kind);
  std::reverse(locks.begin(), locks.end());
  for (Taken taken : locks) run.release(taken.lock, 2, taken.kind);
}

TEST(LockOrder, FiresForTwoLocksOfAnyKinds) {
  for (std::uint32_t a_kind : kOrdered) {
    for (std::uint32_t b_kind : kOrdered) {
      EventList run;
      const ObjectId a = run.lock(), b = run.lock();
      run.at(2);
      nest(run, {{a, a_kind}, {b, b_kind}});
      run.thread(2).at(2);
      nest(run, {{b, b_kind}, {a, a_kind}});
      EXPECT_EQ(run.fired(), names{"LockOrder"}) << a_kind << " " << b_kind;
    }
  }
}

TEST(LockOrder, SilentForTheSameOrder) {
  for (std::uint32_t a_kind : kOrdered) {
    for (std::uint32_t b_kind : kOrdered) {
      EventList run;
      const ObjectId a = run.lock(), b = run.lock();
      for (std::uint8_t thread : {1, 2}) {
        run.thread(thread).at(2);
        nest(run, {{a, a_kind}, {b, b_kind}});
      }
      EXPECT_EQ(run.fired(), names{});
    }
  }
}

TEST(LockOrder, NamesBothPlacesOfBothEdges) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a);
  const std::uint32_t a_outer = run.last();
  run.attempt(b);
  const std::uint32_t b_inner = run.last();
  run.add(EVENT_LockAcquired, b, 2).release(b, 2).release(a).leave(CALLBACK_Dispatch);
  run.enter(CALLBACK_Dispatch).acquire(b);
  const std::uint32_t b_outer = run.last();
  run.attempt(a);
  const Finding finding = run.finding();
  EXPECT_EQ(finding.rule, RuleId::LockOrder);
  EXPECT_EQ(finding.event, run.last());
  EXPECT_EQ(finding.message, "Lock A acquired while Lock B is held, but elsewhere the other way round");
  ASSERT_EQ(finding.evidence.size(), 3u);
  EXPECT_EQ(finding.evidence[0].event, b_outer);
  EXPECT_EQ(finding.evidence[1].event, b_inner);
  EXPECT_EQ(finding.evidence[2].event, a_outer);
}

TEST(LockOrder, FiresForOneThreadThatDoesBoth) {  // another thread could run the other half
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.at(2);
  nest(run, {{a}, {b}});
  nest(run, {{b}, {a}});
  EXPECT_EQ(run.fired(), names{"LockOrder"});
}

TEST(LockOrder, SilentWhenOneIsReleasedFirst) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.at(2);
  nest(run, {{a}, {b}});
  nest(run, {{b}});
  nest(run, {{a}});
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockOrder, FiresForDpcAndThread) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(a).acquire(b).release(b, 2).release(a).leave(CALLBACK_Dispatch);
  run.thread(2).at(2).enter(CALLBACK_Dpc).acquire(b, kAtDpc).attempt(a, kAtDpc);
  EXPECT_EQ(run.fired(), names{"LockOrder"});
}

TEST(LockOrder, SilentBehindAGate) {
  EventList run;
  const ObjectId gate = run.lock(), a = run.lock(), b = run.lock();
  for (std::uint8_t thread : {1, 2}) {
    run.thread(thread).at(2);
    nest(run, thread == 1 ? std::vector<Taken>{{gate}, {a}, {b}} : std::vector<Taken>{{gate}, {b}, {a}});
  }
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockOrder, FiresWhenOneSideGoesRoundTheGate) {
  for (bool gated_first : {false, true}) {
    EventList run;
    const ObjectId gate = run.lock(), a = run.lock(), b = run.lock();
    run.at(2);
    nest(run, gated_first ? std::vector<Taken>{{gate}, {a}, {b}} : std::vector<Taken>{{a}, {b}});
    nest(run, gated_first ? std::vector<Taken>{{b}, {a}} : std::vector<Taken>{{gate}, {b}, {a}});
    EXPECT_EQ(run.fired(), names{"LockOrder"}) << gated_first;
  }
}

TEST(LockOrder, FiresWhenTheSameEdgeIsLaterMadeWithoutTheGate) {
  EventList run;
  const ObjectId gate = run.lock(), a = run.lock(), b = run.lock();
  run.at(2);
  nest(run, {{gate}, {a}, {b}});
  nest(run, {{gate}, {b}, {a}});
  nest(run, {{a}, {b}});
  EXPECT_EQ(run.fired(), names{"LockOrder"});
}

TEST(LockOrder, SharedLockIsNoGate) {
  for (std::uint32_t kind : {MACH_LOCK_EX_SHARED, MACH_LOCK_EX_EXCLUSIVE}) {
    EventList run;
    const ObjectId gate = run.raw_lock(), a = run.lock(), b = run.lock();
    run.at(2);
    nest(run, {{gate, std::uint32_t(kind)}, {a}, {b}});
    nest(run, {{gate, std::uint32_t(kind)}, {b}, {a}});
    EXPECT_EQ(run.fired(), kind == MACH_LOCK_EX_SHARED ? names{"LockOrder"} : names{});
  }
}

TEST(LockOrder, SilentForTry) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.at(2);
  nest(run, {{a}, {b}});
  run.acquire(b, kAtDpc).tried(a).release(a, 2, kAtDpc).release(b, 2, kAtDpc);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockOrder, FiresForLockTakenUnderATriedOne) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.at(2);
  nest(run, {{a}, {b}});
  run.tried(b).attempt(a, kAtDpc);
  EXPECT_EQ(run.fired(), names{"LockOrder"});
}

TEST(LockOrder, SilentForOtherKinds) {
  for (std::uint32_t kind : {MACH_LOCK_EX_EXCLUSIVE, MACH_LOCK_INTERRUPT, MACH_LOCK_INTERNAL}) {
    EventList run;
    const ObjectId a = run.raw_lock(), b = run.lock();
    run.at(2);
    nest(run, {{a, kind}, {b}});
    nest(run, {{b}, {a, kind}});
    EXPECT_EQ(run.fired(), names{}) << kind;
  }
}

TEST(LockOrder, SilentAfterInitialisingAgain) {
  EventList run;
  const ObjectId a = run.lock(), b = run.lock();
  run.at(2);
  nest(run, {{a}, {b}});
  run.add(EVENT_LockInit, a);
  nest(run, {{b}, {a}});
  EXPECT_EQ(run.fired(), names{});
}

// Locks of one class, ordered by address: every pair in the same order.
TEST(LockOrder, SilentForInstancesInAFixedOrder) {
  EventList run;
  std::vector<ObjectId> locks;
  for (int i = 0; i < 6; ++i) locks.push_back(run.lock());
  run.at(2);
  for (int i = 0; i < 6; ++i) {
    for (int j = i + 1; j < 6; ++j) nest(run, {{locks[i]}, {locks[j]}});
  }
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockOrder, FiresForInstancesByArgument) {  // move(1, 2) and move(2, 1)
  EventList run;
  const ObjectId one = run.lock(), two = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(one).acquire(two, kAtDpc).release(two, 2, kAtDpc).release(one);
  run.acquire(two).attempt(one, kAtDpc);
  EXPECT_EQ(run.fired(), names{"LockOrder"});
}

// A ring of n locks, each taken inside the one before: the last edge closes it, wherever the ring begins.
TEST(LockOrder, FiresForRings) {
  for (std::size_t n = 2; n <= 6; ++n) {
    for (std::size_t begin = 0; begin < n; ++begin) {
      EventList run;
      std::vector<ObjectId> locks;
      for (std::size_t i = 0; i < n; ++i) locks.push_back(run.lock());
      run.at(2);
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_EQ(run.fired(), names{}) << n << " " << i;
        nest(run, {{locks[(begin + i) % n]}, {locks[(begin + i + 1) % n]}});
      }
      EXPECT_EQ(run.fired(), names{"LockOrder"}) << n << " " << begin;
      EXPECT_EQ(run.finding().evidence.size(), 2 * n - 1);
    }
  }
}

// Every pair of nestings of three locks out of three, against the definition: some pair of locks in both orders, with no
// lock before both of them on both sides.
TEST(LockOrder, EveryPairOfNestingsOfThreeLocks) {
  std::array<int, 3> first = {0, 1, 2};
  do {
    std::array<int, 3> second = {0, 1, 2};
    do {
      EventList run;
      const ObjectId locks[] = {run.lock(), run.lock(), run.lock()};
      run.at(2);
      nest(run, {{locks[first[0]]}, {locks[first[1]]}, {locks[first[2]]}});
      nest(run, {{locks[second[0]]}, {locks[second[1]]}, {locks[second[2]]}});
      // Different outermost locks: neither waits behind a gate, so both can be inside at once.
      const bool expected = first[0] != second[0];
      EXPECT_EQ(!run.fired().empty(), expected) << first[0] << first[1] << first[2] << second[0] << second[1] << second[2];
    } while (std::next_permutation(second.begin(), second.end()));
  } while (std::next_permutation(first.begin(), first.end()));
}

// The thread takes `objects` one inside the other; arg2 of each is `how`.
void own_nested(EventList& run, std::uint8_t thread, std::vector<ObjectId> objects, std::uint32_t how = 0) {
  run.thread(thread);
  for (const ObjectId object : objects) run.add(EVENT_Own, object, thread + 1u, how);
  std::reverse(objects.begin(), objects.end());
  for (const ObjectId object : objects) run.add(EVENT_Disown, object, thread + 1u);
}

TEST(LockOrder, FiresForMutexesAndResources) {
  EventList run;
  const ObjectId mutex = run.object(OBJECT_Mutex), resource = run.object(OBJECT_Resource);
  own_nested(run, 1, {mutex, resource});
  own_nested(run, 1, {mutex, resource});
  own_nested(run, 2, {resource, mutex});
  EXPECT_EQ(run.fired(), names{"LockOrder"});
  EXPECT_EQ(run.finding().message, "Mutex 1 acquired while Resource 1 is held, but elsewhere the other way round");
}

TEST(LockOrder, SilentForMutexesBehindAGateOrTried) {
  EventList run;
  const ObjectId gate = run.object(OBJECT_Mutex), a = run.object(OBJECT_Mutex), b = run.object(OBJECT_PushLock);
  own_nested(run, 1, {gate, a, b});
  own_nested(run, 2, {gate, b, a});
  EXPECT_EQ(run.fired(), names{});
  own_nested(run, 2, {b, a}, 2);
  EXPECT_EQ(run.fired(), names{});
}

TEST(LockOrder, SharedOwnersDoNotWaitForEachOther) {
  const std::uint32_t shared = 1;
  for (const std::uint32_t other : {0u, shared}) {
    EventList run;
    const ObjectId a = run.object(OBJECT_Resource), b = run.object(OBJECT_Resource);
    own_nested(run, 1, {a, b}, shared);
    own_nested(run, 2, {b, a}, other);
    EXPECT_EQ(run.fired(), other == shared ? names{} : names{"LockOrder"});
  }
}

TEST(LockOrder, MutexIsAGateOfSpinLocks) {
  for (const bool interrupted : {false, true}) {
    EventList run;
    const ObjectId mutex = run.object(OBJECT_Mutex), a = run.lock(), b = run.lock();
    run.thread(1).enter(CALLBACK_Dispatch).add(EVENT_Own, mutex, 2);
    if (interrupted) run.at(2).enter(CALLBACK_Dpc);
    run.at(2);
    nest(run, {{a}, {b}});
    if (interrupted) run.leave(CALLBACK_Dpc);
    run.add(EVENT_Disown, mutex, 2).leave(CALLBACK_Dispatch);
    run.thread(2).enter(CALLBACK_Dispatch).add(EVENT_Own, mutex, 3).at(2);
    nest(run, {{b}, {a}});
    run.add(EVENT_Disown, mutex, 3);
    EXPECT_EQ(run.fired({"IrqlReturn"}), interrupted ? names{"LockOrder"} : names{});
  }
}

// ---- LockClassOrder

names advised(const EventList& run) {
  Tracker tracker;
  tracker.enable("LockClassOrder", true);
  names fired;
  for (const Finding& finding : tracker.judge(run.trace)) fired.emplace_back(rule_info(finding.rule).name);
  return fired;
}

// A lock whose KeInitializeSpinLock stands at `site`.
ObjectId lock_of_class(EventList& run, std::uint32_t site) {
  const ObjectId lock = run.lock();
  run.trace.events.back().site = site;
  return lock;
}

TEST(LockClassOrder, AdvisesWhenOtherInstancesAreNestedTheOtherWayRound) {
  EventList run;
  const ObjectId a1 = lock_of_class(run, 1), b1 = lock_of_class(run, 2), a2 = lock_of_class(run, 1), b2 = lock_of_class(run, 2);
  run.at(2);
  nest(run, {{a1}, {b1}});
  nest(run, {{b2}, {a2}});
  EXPECT_EQ(advised(run), names{"LockClassOrder"});
  EXPECT_EQ(run.fired(), names{}) << "only when asked for";
}

TEST(LockClassOrder, LeavesTheSameInstancesToLockOrder) {
  EventList run;
  const ObjectId a = lock_of_class(run, 1), b = lock_of_class(run, 2);
  run.at(2);
  nest(run, {{a}, {b}});
  nest(run, {{b}, {a}});
  EXPECT_EQ(advised(run), names{"LockOrder"});
}

TEST(LockClassOrder, SilentForLocksOfOneClass) {  // ordered by address, perhaps
  EventList run;
  const ObjectId a = lock_of_class(run, 1), b = lock_of_class(run, 1), c = lock_of_class(run, 1);
  run.at(2);
  nest(run, {{a}, {b}});
  nest(run, {{b}, {c}});
  EXPECT_EQ(advised(run), names{});
}

TEST(LockClassOrder, SilentForOneOrderOfClassesAndUnderAGate) {
  for (const bool gate : {false, true}) {
    EventList run;
    const ObjectId a1 = lock_of_class(run, 1), b1 = lock_of_class(run, 2), a2 = lock_of_class(run, 1),
                   b2 = lock_of_class(run, 2), g = lock_of_class(run, 3);
    run.at(2);
    if (gate) {
      nest(run, {{g}, {a1}, {b1}});
      nest(run, {{g}, {b2}, {a2}});
    } else {
      nest(run, {{a1}, {b1}});
      nest(run, {{a2}, {b2}});
    }
    EXPECT_EQ(advised(run), names{});
  }
}

}  // namespace
}  // namespace wdm
