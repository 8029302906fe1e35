// Interrupt lines on the bare machine: who can take one, and when.

#include "tests/emu/machine/machine_fixture.h"

namespace wdm::test {
namespace {

constexpr std::uint8_t kDirql = 6;
constexpr unsigned kHere = kActorIrq, kElsewhere = kActorIrq + 1;
constexpr std::uint64_t kAllProcessors = ~std::uint64_t{0};

class InterruptTest : public MachineTest {
 protected:
  void SetUp() override {
    MachineTest::SetUp();
    on_isr = [this](void*) {
      note("isr cpu" + std::to_string(machine().cpu()) + " irql " + std::to_string(machine().irql()));
    };
  }

  static void connect(unsigned line = 0, std::uint64_t processors = kAllProcessors) {
    machine().interrupt_connect(line, &handler_, kDirql, processors);
  }
  static bool raise(std::vector<std::uint8_t> answers = {}) {
    return machine().interrupt_assert(0, answers.data(), answers.size());
  }

  static inline int handler_;
};

TEST_F(InterruptTest, NonPreemptivelyItComesBeforeTheNextOperation) {
  run(2, {[&] { note("raise"), raise(), note("raised"); }, [&] { note("second"); }}, [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"raise", "raised", "isr cpu0 irql 6", "second"}));
}

TEST_F(InterruptTest, ComesWhereTheScheduleSays) {
  preempt(1, 1, kHere);
  run(2, {[&] { raise(), point(), note("after"); }}, [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"isr cpu0 irql 6", "after"}));
}

TEST_F(InterruptTest, AnotherProcessorCanTakeIt) {
  preempt(1, 1, kElsewhere);
  run(2, {[&] { raise(), point(), note("after"); }}, [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"isr cpu1 irql 6", "after"}));
}

TEST_F(InterruptTest, OneProcessorHasNoOther) {
  preempt(1, 1, kElsewhere);
  run(1, {[&] { raise(), point(), note("after"); }}, [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"after", "isr cpu0 irql 6"}));
}

TEST_F(InterruptTest, OnlyProcessorsOfTheSetTakeIt) {
  preempt(1, 1, kHere);
  run(2, {[&] { raise(), point(), note("after"); }}, [] { connect(0, 2); });
  EXPECT_EQ(log_, (std::vector<std::string>{"after", "isr cpu1 irql 6"}));
}

TEST_F(InterruptTest, MaskedAtItsIrqlAndAbove) {
  preempt(1, 1, kHere);
  preempt(1, 2, kHere);
  run(1, {[&] {
        raise();
        machine().raise_irql(kDirql, nullptr);
        point();
        note("masked");
        machine().lower_irql(kDispatch, nullptr);
        point();
        note("dispatch");
        machine().lower_irql(kPassive, nullptr);
      }},
      [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"masked", "isr cpu0 irql 6", "dispatch"}));
}

TEST_F(InterruptTest, ItsDpcWaitsForTheIrqlToDrop) {
  int dpc;
  on_isr = [&](void*) { note("isr"), machine().dpc_queue(machine().cpu(), &dpc, false); };
  on_dpc = [&](void*) { note("dpc"); };
  preempt(1, 1, kHere);
  run(1, {[&] {
        raise();
        machine().raise_irql(kDispatch, nullptr);
        point();
        note("still at dispatch");
        machine().lower_irql(kPassive, nullptr);
        note("lowered");
      }},
      [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"isr", "still at dispatch", "dpc", "lowered"}));
}

TEST_F(InterruptTest, InterruptsADpc) {
  int dpc;
  on_dpc = [&](void*) { note("dpc"), raise(), point(), note("dpc ends"); };
  schedule_.directives.push_back({Directive::Kind::run, {Context::Kind::dpc, 1}, DDI_KeInitializeSpinLock, MACH_AFTER, 1, kHere});
  run(1, {[&] { machine().dpc_queue(0, &dpc, false), note("after"); }}, [] { connect(); });
  EXPECT_EQ(log_, (std::vector<std::string>{"dpc", "isr cpu0 irql 6", "dpc ends", "after"}));
}

TEST_F(InterruptTest, ReplaysAsItWasDecided) {
  const auto scenario = [&] { return std::vector<std::function<void()>>{[&] { raise(), point(), point(), note("a"); }, [&] { point(), note("b"); }}; };
  for (unsigned i = 0; i < 20; ++i) {
    schedule_.seed = i;
    schedule_.strategy = StrategyId::random;
    log_.clear();
    run(2, scenario(), [] { connect(); });
    const auto log = log_;
    schedule_.strategy = StrategyId::directed;
    schedule_.directives = machine().decisions();
    log_.clear();
    run(2, scenario(), [] { connect(); });
    EXPECT_EQ(log_, log) << "seed " << i;
    schedule_.directives.clear();
  }
}

TEST_F(InterruptTest, NobodyConnectedNobodyCalled) {
  bool taken = true;
  run(1, {[&] { taken = raise(); }});
  EXPECT_FALSE(taken);
  EXPECT_EQ(log_, std::vector<std::string>{});
}

TEST_F(InterruptTest, DisconnectingDropsWhatIsAsserted) {
  run(1, {[&] { raise(), machine().interrupt_connect(0, nullptr, 0, 0); }}, [] { connect(); });
  EXPECT_EQ(log_, std::vector<std::string>{});
}

TEST_F(InterruptTest, RegistersAnswerTheBytesFromTheInterruptOn) {
  std::vector<std::uint64_t> read;
  on_isr = [&](void*) {
    read.push_back(machine().device_read(0x3f8, 1));
    read.push_back(machine().device_read(0x3fa, 2));
  };
  run(1, {[&] { raise({0x11, 0x22, 0x33}); }}, [] { connect(); });
  EXPECT_EQ(read, (std::vector<std::uint64_t>{0x11, 0x3322}));
}

TEST_F(InterruptTest, OtherReadsAreTheSameInEveryRun) {
  std::vector<std::uint64_t> first, second;
  const auto reads = [](std::vector<std::uint64_t>& all) {
    machine().device_write(0x10, 0x1234, 1);
    for (int i = 0; i < 64; ++i) all.push_back(machine().device_read(0x10, 1)), all.push_back(machine().device_read(0x20, 4));
  };
  run(1, {[&] { reads(first); }});
  run(1, {[&] { reads(second); }});
  EXPECT_EQ(first, second);
  EXPECT_EQ(std::count(first.begin(), first.end(), 0x34u) > 32, true);
  std::sort(first.begin(), first.end());
  EXPECT_GT(std::unique(first.begin(), first.end()) - first.begin(), 64) << "a driver that polls would never end";
}

TEST_F(InterruptTest, MappedRegistersHaveTheirPhysicalAddress) {
  run(1, {[&] {
        char* const a = static_cast<char*>(machine().io_map(0xfe000010, 16));
        std::uint64_t physical = 0;
        ASSERT_NE(a, nullptr);
        EXPECT_TRUE(machine().io_physical(a + 15, physical));
        EXPECT_EQ(physical, 0xfe00001fu);
        EXPECT_FALSE(machine().io_physical(a + 16, physical));
        EXPECT_EQ(machine().io_map(0, limits::kRegisterBytes + 1), nullptr);
        EXPECT_TRUE(machine().io_unmap(a));
        EXPECT_FALSE(machine().io_unmap(a));
      }});
}

}  // namespace
}  // namespace wdm::test
