// Runs every test_<what>() of this folder on a real machine with all rules on: once non-preemptively, then under many
// random schedules. What a page promises holds in each of them.

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

#define NT_TEST(name) extern "C" void test_##name(void);
#include "nt_tests.def"
#undef NT_TEST

namespace {

std::string failures;
std::string expected_stop;
wdm::Outcome expected_outcome;
bool fail_next;

struct Named {
  const char* name;
  void (*function)(void);
};

constexpr Named kTests[] = {
#define NT_TEST(name) {#name, test_##name},
#include "nt_tests.def"
#undef NT_TEST
};

void body(void* argument) {
  nt_reset();
  static_cast<const Named*>(argument)->function();
  wdm::machine().wait_until_quiet();
}

// Random orders, but time passes only when nobody can run: the tests set delays longer than any work takes. The device below
// replies in each of its ways in turn; nothing else is chosen.
class PatientClock final : public wdm::Strategy {
 public:
  explicit PatientClock(wdm::StrategyId id) : inner_(wdm::make_strategy(id)) {}
  void begin(const wdm::Schedule& schedule, unsigned run) override {
    run_ = run;
    inner_->begin(schedule, run);
  }
  unsigned choose(unsigned kind, unsigned n, const wdm::PointView&) override {
    if (wdm::is_fault(kind) && std::exchange(fail_next, false)) return 1;
    return kind == CHOICE_LowerReplies ? run_ % n : 0;
  }
  unsigned pick(const wdm::PointView& view) override {
    wdm::PointView without = view;
    without.enabled &= ~(std::uint64_t{1} << wdm::kActorClock);
    return inner_->pick(without);
  }

 private:
  std::unique_ptr<wdm::Strategy> inner_;
  unsigned run_ = 0;
};

class KernelTest : public ::testing::TestWithParam<Named> {
 protected:
  void run(wdm::StrategyId id, unsigned runs) {
    wdm::Schedule schedule;
    schedule.strategy = id;
    schedule.seed = 1;
    PatientClock strategy(id);
    for (unsigned i = 0; i < runs; ++i) {
      failures.clear();
      expected_stop.clear();
      expected_outcome = wdm::Outcome::clean;
      fail_next = false;
      strategy.begin(schedule, i);
      Named test = GetParam();
      const auto& result = wdm::machine().run({"test", nullptr, nullptr, nullptr}, 2, strategy, {}, body, &test);
      ASSERT_EQ(failures, "") << "in schedule " << i;
      const std::string rule(result.finding ? wdm::rule_info(result.finding->rule).name : "");
      const std::string stop = rule + ": " + result.message;
      ASSERT_EQ(result.outcome, expected_outcome) << stop << " in schedule " << i;
      if (!expected_stop.empty())
        ASSERT_NE(stop.find(expected_stop), std::string::npos) << stop << " in schedule " << i;
    }
  }
};

TEST_P(KernelTest, NonPreemptive) { run(wdm::StrategyId::directed, 1); }
TEST_P(KernelTest, RandomWalk) { run(wdm::StrategyId::random, 40); }
TEST_P(KernelTest, PartialOrderSampling) { run(wdm::StrategyId::pos, 40); }

void PrintTo(const Named& test, std::ostream* out) { *out << test.name; }

INSTANTIATE_TEST_SUITE_P(Nt, KernelTest, ::testing::ValuesIn(kTests),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace

extern "C" void mach_test_expect_stop(const char* message) {
  expected_stop = message;
  expected_outcome = wdm::Outcome::driver_bug;
}

extern "C" void mach_test_expect_not_emulated(const char* message) {
  expected_stop = message;
  expected_outcome = wdm::Outcome::not_emulated;
}

extern "C" void mach_test_check(int ok, const char* what, int line) {
  if (!ok) failures += std::string(what) + " (line " + std::to_string(line) + ")\n";
}

extern "C" void mach_test_fail_next(void) { fail_next = true; }

extern "C" m_u32 mach_test_events(m_u16 kind, m_u64 mask, m_u64 arg) {
  m_u32 count = 0;
  for (const wdm::Event& event : wdm::machine().trace().events)
    count += event.kind == kind && (event.arg & mask) == (arg & mask);
  return count;
}

extern "C" int mach_test_interrupt(m_u32 line, const m_u8* answers, m_u32 size) {
  return wdm::machine().interrupt_assert(line, answers, size);
}
