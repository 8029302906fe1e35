#include "emu/rules/tracker.h"
#include "emu/trace/ddi_numbers.h"

#include <gtest/gtest.h>

#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

// A driver's day: cancel lock, nested locks, an IRP that pends and is completed by a DPC.
EventList clean_run() {
  EventList run;
  const ObjectId irp = run.irp(), a = run.lock(), b = run.lock(), cancel = run.raw_lock();
  run.enter(CALLBACK_Dispatch, irp).acquire(a).add(EVENT_IrpMarkPending, irp).add(EVENT_IrpSetCancel, irp, 1);
  run.acquire(b).release(b, 2).release(a).leave(CALLBACK_Dispatch, irp, kPendingStatus);
  run.acquire(cancel, MACH_LOCK_CANCEL).release(cancel, 0, MACH_LOCK_CANCEL);
  run.at(2).enter(CALLBACK_Dpc).acquire(a, kAtDpc).add(EVENT_IrpSetCancel, irp, 0, 1).release(a, 2, kAtDpc);
  run.add(EVENT_IrpComplete, irp).outside([&] { run.add(EVENT_IrpCompleted, irp); }).leave(CALLBACK_Dpc);
  return run;
}

TEST(Tracker, RulesHaveTheirLines) {
  const auto rules = make_rules();
  EXPECT_EQ(rules.size(), all_rules().size());
  EXPECT_EQ(rule_info(RuleId::SpinLock).name, "SpinLock");
  EXPECT_EQ(rule_info(RuleId::SpinLock).bug_check, "0xC4, 0x00040009");
  for (const RuleInfo& rule : all_rules()) EXPECT_FALSE(rule.sentence.empty()) << rule.name;
}

TEST(Tracker, SilentForACleanRun) { EXPECT_EQ(clean_run().fired(), names{}); }

TEST(Tracker, JudgesEventByEventAsAllAtOnce) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).attempt(lock);
  Tracker tracker;
  for (std::uint32_t index = 0; index + 1 < run.next(); ++index) EXPECT_TRUE(tracker.on(run.trace, index).empty());
  EXPECT_EQ(tracker.on(run.trace, run.last()).size(), 1u);
  EXPECT_EQ(tracker.judge(run.trace).size(), 1u);
}

TEST(Tracker, ResetForgetsEverything) {
  EventList bad;
  const ObjectId lock = bad.raw_lock(), irp = bad.object(OBJECT_Irp);
  bad.enter(CALLBACK_Dispatch, irp).acquire(lock).add(EVENT_IrpComplete, irp).add(EVENT_IrpComplete, irp);
  Tracker tracker;
  const auto first = tracker.judge(bad.trace);
  EXPECT_TRUE(tracker.judge(clean_run().trace).empty());
  const auto again = tracker.judge(bad.trace);
  ASSERT_EQ(first.size(), again.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].rule, again[i].rule);
    EXPECT_EQ(first[i].message, again[i].message);
  }
}

TEST(Tracker, EnablesByName) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).acquire(lock).attempt(lock);
  Tracker tracker;
  EXPECT_TRUE(tracker.enable("SpinLock", false));
  EXPECT_FALSE(tracker.enabled(RuleId::SpinLock));
  EXPECT_TRUE(tracker.judge(run.trace).empty());
  EXPECT_TRUE(tracker.enable("SpinLock", true));
  EXPECT_EQ(tracker.judge(run.trace).size(), 1u);
  EXPECT_FALSE(tracker.enable("NoSuchRule", false));
}

TEST(Tracker, IgnoresUnknownKindsOfEvent) {
  EventList run;
  run.add(EVENT_COUNT).add(0xffff).add(EVENT_Violation, 0, 0xffff, 0);
  EXPECT_EQ(run.fired(), names{});
}

// Any order of any events is judged without a crash: stored traces may be cut or damaged.
TEST(Tracker, SurvivesNonsense) {
  std::uint32_t seed = 1;
  const auto random = [&](std::uint32_t n) { return (seed = seed * 1664525 + 1013904223) / 65536 % n; };
  Tracker tracker;
  for (int round = 0; round < 300; ++round) {
    EventList run;
    for (std::uint32_t kind = 0; kind < OBJECT_COUNT; ++kind) run.object(kind);
    for (int step = 0; step < 200; ++step) {
      run.add(static_cast<std::uint16_t>(random(EVENT_COUNT)), random(20), random(4), random(24));
      Event& event = run.trace.events.back();
      event.thread = static_cast<std::uint8_t>(random(4));
      event.irql = static_cast<std::uint8_t>(random(6));
      event.ddi = static_cast<std::uint16_t>(random(DDI_COUNT + 2));
    }
    tracker.judge(run.trace);
  }
}

TEST(Ledger, KnowsWhoHoldsWhat) {
  EventList run;
  const ObjectId lock = run.lock(), irp = run.irp();
  run.enter(CALLBACK_Dispatch, irp).enter(CALLBACK_Csq).acquire(lock).leave(CALLBACK_Csq).add(EVENT_IrpMarkPending, irp);
  Tracker tracker;
  tracker.judge(run.trace);
  const Ledger& ledger = tracker.ledger();
  ASSERT_EQ(ledger.held().size(), 1u);
  EXPECT_EQ(ledger.find(lock)->thread, 1);
  EXPECT_EQ(ledger.find(lock)->activation, 1) << "the queue callback took it for its caller";
  EXPECT_EQ(ledger.find(lock, 2), nullptr);
  EXPECT_EQ(ledger.activations(1).size(), 1u);
  EXPECT_EQ(ledger.irp(irp).marked_pending, run.next());
}

}  // namespace
}  // namespace wdm
