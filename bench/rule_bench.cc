// What each rule costs: a typical stretch of a trace, judged with that rule alone, and with none (the ledger remains).

#include <benchmark/benchmark.h>

#include <string>

#include "emu/machine/hypercall.h"
#include "emu/rules/tracker.h"

namespace {

using namespace wdm;

constexpr unsigned kRequests = 200;

// Requests that are queued under a lock with a cancel routine and completed by a DPC: correct, so no rule fires.
class TypicalTrace {
 public:
  TypicalTrace() {
    trace_.objects.resize(3 + 2 * kRequests);
    trace_.contexts.push_back({Context::Kind::setup, 0});
    add(EVENT_LockInit, kLock, 0, MACH_LOCK_SPIN, 0);
    for (std::uint32_t i = 0; i < kRequests; ++i) request(3 + 2 * i, 4 + 2 * i);
  }
  const Trace& trace() const { return trace_; }

 private:
  static constexpr ObjectId kLock = 1, kDpc = 2;

  void add(std::uint16_t kind, ObjectId object, std::uint64_t arg, std::uint32_t arg2, std::uint8_t irql) {
    Event event{};
    event.kind = kind;
    event.ddi = 1;
    event.irql = irql;
    event.depth = depth_;
    event.activation = activation_;
    event.object = object;
    event.arg = arg;
    event.arg2 = arg2;
    event.site = 16;
    trace_.events.push_back(event);
  }
  void locked(std::uint8_t old, auto body) {
    add(EVENT_DdiEnter, kLock, 0, 0, old);
    if (old < 2) add(EVENT_IrqlRaise, 0, 2, old, old);
    add(EVENT_LockAttempt, kLock, old, MACH_LOCK_SPIN, 2);
    add(EVENT_LockAcquired, kLock, old, MACH_LOCK_SPIN, 2);
    body();
    add(EVENT_DdiEnter, kLock, 0, 0, 2);
    add(EVENT_LockRelease, kLock, old, MACH_LOCK_SPIN, 2);
    if (old < 2) add(EVENT_IrqlLower, 0, old, 2, 2);
  }
  void routine(std::uint32_t callback, ObjectId object, std::uint8_t irql, std::uint64_t status, auto body) {
    depth_ = 1;
    ++activation_;
    add(EVENT_CallbackEnter, object, 0, callback, irql);
    body();
    add(EVENT_CallbackLeave, object, status, callback, irql);
    depth_ = 0;
  }
  void request(ObjectId irp, ObjectId block) {
    constexpr std::uint64_t kPending = 0x103;
    add(EVENT_IrpCreate, irp, 3, 1, 0);
    routine(CALLBACK_Dispatch, irp, 0, kPending, [&] {
      add(EVENT_PoolAlloc, block, 64, 0, 0);
      locked(0, [&] {
        add(EVENT_IrpSetCancel, irp, 1, 0, 2);
        add(EVENT_IrpMarkPending, irp, 0, 0, 2);
      });
    });
    routine(CALLBACK_Dpc, kDpc, 2, 0, [&] {
      locked(2, [&] { add(EVENT_IrpSetCancel, irp, 0, 1, 2); });
      add(EVENT_IrpComplete, irp, 0, 0, 2);
      add(EVENT_PoolFree, block, 64, 0, 2);
    });
    add(EVENT_IrpCompleted, irp, 0, 0, 2);
  }

  Trace trace_;
  std::uint8_t depth_ = 0;
  std::uint16_t activation_ = 0;
};

// `rule` "": none.
void judge(benchmark::State& state, const std::string& rule) {
  static const TypicalTrace typical;
  Tracker tracker;
  if (rule != "all")
    for (const RuleInfo& info : all_rules()) tracker.enable(info.name, info.name == rule);
  std::size_t found = 0;
  for (auto _ : state) found += tracker.judge(typical.trace()).size();
  if (found) state.SkipWithError("the rule fires");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(typical.trace().events.size()));
}

const bool registered = [] {
  benchmark::RegisterBenchmark("Rule/none", judge, std::string("none"));
  for (const RuleInfo& info : all_rules()) {
    const std::string name(info.name);
    benchmark::RegisterBenchmark(("Rule/" + name).c_str(), judge, name);
  }
  benchmark::RegisterBenchmark("Rule/all", judge, std::string("all"));
  return true;
}();

}  // namespace
