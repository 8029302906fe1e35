// The text form: canonical, the inverse of itself, and clear about mistakes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "harness/mutate.h"
#include "tests/harness/any_scenario.h"

namespace wdm::test {
namespace {

constexpr std::string_view kSample = R"(wdmfuzz 1
driver mailbox
cpus 2
1: T1 open h1 device=1
2: T1 ioctl h1 0x222004 in=0011aabb out=16
3: T2 read h1 out=64 offset=0x10
4: T2 wait 10ms
5: T2 cancel op 2 irql=2
6: T1 query-information h1 class=5 out=24 pointers=null
7: T1 pnp minor=3
8: T1 close h1
schedule directed
  at op 2 after KeAcquireSpinLockRaiseToDpc 1 run T2
  at op 3 start run dpc@1
  at dpc 1 before KeReleaseSpinLock 2 run S1
  at teardown blocked run clock
  at op 4 blocked in KeReleaseSpinLock 1 run main
  hold at before KeAcquireSpinLockRaiseToDpc
  fail at op 2 KeReleaseSpinLock 1
  fail at load after KeReleaseSpinLock 3 answer=2
expect SpinLock mailbox.c:118 in MailboxCancel # not a comment
)";

// The message of from_text, "" when it takes the text.
std::string mistake(std::string_view text) {
  try {
    from_text(text);
    return "";
  } catch (const ScenarioError& error) {
    return error.what();
  }
}

std::string mistake_in(std::string_view line) {
  return mistake("wdmfuzz 1\n1: T1 open h1\n" + std::string(line));
}

TEST(Text, CanonicalTextComesBack) {
  EXPECT_EQ(to_text(from_text(kSample)), kSample);
}

TEST(Text, MeansWhatItSays) {
  const Scenario s = from_text(kSample);
  EXPECT_EQ(s.driver, "mailbox");
  EXPECT_EQ(s.expect, "SpinLock mailbox.c:118 in MailboxCancel # not a comment");
  ASSERT_EQ(s.operations.size(), 8u);
  EXPECT_EQ(s.operations[0].device, 1);
  EXPECT_EQ(s.operations[1].code, 0x222004u);
  EXPECT_EQ(s.operations[1].data, (std::vector<std::uint8_t>{0x00, 0x11, 0xaa, 0xbb}));
  EXPECT_EQ(s.operations[2].offset, 16u);
  EXPECT_EQ(s.operations[3].offset, 100'000u);
  EXPECT_EQ(s.operations[4].target, 2);
  EXPECT_EQ(s.operations[4].irql, 2);
  EXPECT_EQ(s.operations[5].pointers, 1);
  EXPECT_EQ(s.operations[6].handle, 0);
  ASSERT_EQ(s.schedule.directives.size(), 8u);
  EXPECT_EQ(
      s.schedule.directives[0],
      (Directive{
          Directive::Kind::run, {Context::Kind::operation, 2}, DDI_KeAcquireSpinLockRaiseToDpc, MACH_AFTER, 1, 2}));
  EXPECT_EQ(s.schedule.directives[1].actor, kActorCpu + 1);
  EXPECT_EQ(s.schedule.directives[2].actor, limits::kFirstDriverThread);
  EXPECT_EQ(s.schedule.directives[3].context, (Context{Context::Kind::teardown, 1}));
  EXPECT_EQ(s.schedule.directives[3].phase, MACH_BLOCKED);
  EXPECT_EQ(s.schedule.directives[6].phase, MACH_BEFORE);
  EXPECT_EQ(s.schedule.directives[7].actor, 2);
}

TEST(Text, InterruptsAndWhoTakesThem) {
  const std::string_view text =
      "wdmfuzz 1\ncpus 2\n1: T1 open h1\n2: T2 interrupt line=1 in=c461\n3: T2 interrupt\nschedule directed\n"
      "  at op 1 sent run irq1-elsewhere\n  at irq 2 after KeInsertQueueDpc 1 run irq0\n";
  const Scenario s = from_text(text);
  EXPECT_EQ(to_text(s), text);
  EXPECT_EQ(s.operations[1].code, 1u);
  EXPECT_EQ(s.operations[1].data, (std::vector<std::uint8_t>{0xc4, 0x61}));
  EXPECT_EQ(s.schedule.directives[0].actor, kActorIrq + 3);
  EXPECT_EQ(s.schedule.directives[1].actor, kActorIrq);
  EXPECT_EQ(s.schedule.directives[1].context, (Context{Context::Kind::interrupt, 2}));
  EXPECT_EQ(mistake_in("2: T1 interrupt line=2"), "line 3: line: `2` is out of range, 0 to 1");
  EXPECT_EQ(mistake_in("at op 1 start run irq2"), "line 3: actor: `2` is out of range, 0 to 1");
}

TEST(Text, WhatUserModeDoesToItsMemory) {
  const std::string_view text =
      "wdmfuzz 1\ncpus 2\n1: T1 open h1 synchronous\n2: T1 ioctl h1 0x222003 in=00000000\n"
      "3: T2 rewrite op 2 in=ff offset=0x2\n4: T2 unmap op 2\nschedule directed\n";
  const Scenario s = from_text(text);
  EXPECT_EQ(to_text(s), text);
  EXPECT_TRUE(s.operations[0].synchronous);
  EXPECT_EQ(s.operations[2].target, 2);
  EXPECT_EQ(s.operations[2].offset, 2u);
  EXPECT_EQ(s.operations[3].kind, OpKind::unmap);
  EXPECT_EQ(mistake_in("2: T1 unmap op 7"), "line 3: there is no operation 7");
}

TEST(Text, AnyScenarioComesBack) {
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const Scenario scenario = any_scenario(seed);
    const std::string text = to_text(scenario);
    ASSERT_EQ(from_text(text), scenario) << text;
    ASSERT_EQ(to_text(from_text(text)), text);
  }
}

TEST(Text, PlausibleScenariosComeBack) {
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const Scenario scenario = random_scenario(seed, profile());
    ASSERT_EQ(from_text(to_text(scenario)), scenario) << to_text(scenario);
  }
}

TEST(Text, BytesComeBackThroughText) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto bytes = encode(any_scenario(seed), profile());
    ASSERT_EQ(encode(from_text(to_text(decode(bytes, profile()))), profile()), bytes);
  }
}

TEST(Text, BlanksCommentsAndOrderDoNotMatter) {
  const Scenario loose = from_text(
      "wdmfuzz 1 # version\r\n"
      "\n"
      "# a comment\n"
      "  at op 7 KeReleaseSpinLock run T2\n"
      "schedule   directed\n"
      "7 :  T1 ioctl\th1 0x222004 out=16   in=0011AABB # twice\n"
      "cpus 3");
  EXPECT_EQ(to_text(loose),
            "wdmfuzz 1\n"
            "cpus 3\n"
            "7: T1 ioctl h1 0x222004 in=0011aabb out=16\n"
            "schedule directed\n"
            "  at op 7 before KeReleaseSpinLock 1 run T2\n");
}

TEST(Text, SchedulesHaveASeedAndRuns) {
  const Scenario s = from_text("wdmfuzz 1\nschedule random faults runs=16 seed=0x12\n");
  EXPECT_EQ(s.schedule, (Schedule{StrategyId::random, 0x12, 16, {}, true}));
  EXPECT_EQ(to_text(s), "wdmfuzz 1\ncpus 2\nschedule random seed=0x12 runs=16 faults\n");
}

TEST(Text, DurationsHaveTheLargestExactUnit) {
  const auto waits = [](std::uint64_t ticks) {
    Scenario s;
    s.operations.resize(1);
    s.operations[0].kind = OpKind::wait;
    s.operations[0].offset = ticks;
    make_canonical(s);
    return to_text(s).substr(std::string_view("wdmfuzz 1\ncpus 2\n1: T1 wait ").size(), 6);
  };
  EXPECT_EQ(waits(0), "0ns\nsc");
  EXPECT_EQ(waits(7), "700ns\n");
  EXPECT_EQ(waits(30), "3us\nsc");
  EXPECT_EQ(waits(20'000'000), "2s\nsch");
  EXPECT_EQ(from_text("wdmfuzz 1\n1: T1 wait 1500us").operations[0].offset, 15'000u);
}

TEST(Text, ParseTellsTheFormsApart) {
  const Scenario scenario = random_scenario(9, profile());
  const std::string text = to_text(scenario);
  EXPECT_EQ(parse(encode(scenario, profile()), profile()), scenario);
  EXPECT_EQ(parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, profile()), scenario);
}

TEST(TextMistakes, NameLineAndExpectation) {
  EXPECT_EQ(mistake(""), "line 1: expected `wdmfuzz 1`");
  EXPECT_EQ(mistake("\nhello"), "line 2: expected `wdmfuzz 1`, found `hello`");
  EXPECT_EQ(mistake("wdmfuzz 2\n"), "line 1: this is version `2`, only version 1 can be read");
  EXPECT_EQ(mistake_in("2: T1 opne h1").substr(0, 52), "line 3: unknown operation `opne`; known are open, cl");
  EXPECT_EQ(mistake_in("2: T1"), "line 3: expected an operation, found the end of the line");
  EXPECT_EQ(mistake_in("2: T1 open"), "line 3: expected handle, found the end of the line");
  EXPECT_EQ(mistake_in("2: T1 open x"), "line 3: expected handle (h1 to h8), found `x`");
  EXPECT_EQ(mistake_in("2 T1 open h1"), "line 3: expected `:` after the operation's number `2`");
  EXPECT_EQ(mistake_in("hello").substr(0, 30), "line 3: unknown word `hello`; ");
  EXPECT_EQ(mistake_in("2: T1 close h1 out=4"), "line 3: `close` does not take `out=4`; it takes no more");
  EXPECT_EQ(mistake_in("2: T1 read h1 out=4 out=5"), "line 3: `out` is given twice");
  EXPECT_EQ(mistake_in("2: T1 read h1 out=many"), "line 3: out: expected a number, found `many`");
  EXPECT_EQ(mistake_in("2: T1 write h1 in=012"), "line 3: in: odd number of hexadecimal digits");
  EXPECT_EQ(mistake_in("2: T1 write h1 in=0x"), "line 3: in: expected hexadecimal bytes, found `0x`");
  EXPECT_EQ(mistake_in("2: T1 wait 5"), "line 3: duration: `5` needs one of the units s, ms, us, ns");
  EXPECT_EQ(mistake_in("2: T1 wait 5ns"), "line 3: duration: `5ns` is not a multiple of 100ns");
  EXPECT_EQ(mistake_in("2: T1 read h1 pointers=bad"),
            "line 3: pointers: expected good, null, unmapped, kernel, found `bad`");
  EXPECT_EQ(mistake_in("1: T1 open h2"), "line 3: operation 1 stands in line 2 already");
  EXPECT_EQ(mistake_in("2: T1 cancel op 7"), "line 3: there is no operation 7");
  EXPECT_EQ(mistake_in("cpus 2\ncpus 2"), "line 4: this stands in line 3 already");
  EXPECT_EQ(mistake_in("driver"), "line 3: expected the driver's name, found the end of the line");
}

TEST(TextMistakes, InSchedules) {
  EXPECT_EQ(mistake_in("schedule lucky").substr(0, 43), "line 3: unknown strategy `lucky`; known are");
  EXPECT_EQ(mistake_in("schedule random seed=x"), "line 3: seed: expected a number, found `x`");
  EXPECT_EQ(mistake_in("schedule directed runs=2"), "line 3: a directed schedule has no `runs=2`: it is a single one");
  EXPECT_EQ(mistake_in("at op 1 after NoSuchDdi 1 run T2"), "line 3: unknown DDI `NoSuchDdi`");
  EXPECT_EQ(mistake_in("at op 1 after KeReleaseSpinLock 1"), "line 3: expected `run`, found the end of the line");
  EXPECT_EQ(mistake_in("at op 4 start run T2"), "line 3: there is no operation 4");
  EXPECT_EQ(mistake_in("at somewhere start run T2"),
            "line 3: expected load, op N, teardown, dpc N, irq N or thread N, found `somewhere`");
  EXPECT_EQ(mistake_in("at op 1 start run nobody"),
            "line 3: expected who runs (T1, S1, main, irq0, dpc@0 or clock), found `nobody`");
  EXPECT_EQ(mistake_in("hold before KeReleaseSpinLock"), "line 3: expected `at`, found `before`");
  EXPECT_EQ(mistake_in("hold at start 3"), "line 3: expected the end of the line, found `3`");
}

TEST(TextMistakes, BeyondTheLimits) {
  EXPECT_EQ(mistake_in("cpus 33"), "line 3: cpus: `33` is out of range, 1 to 32");
  EXPECT_EQ(mistake_in("2: T5 close h1"), "line 3: thread: `5` is out of range, 1 to 4");
  EXPECT_EQ(mistake_in("2: T1 close h9"), "line 3: handle: `9` is out of range, 1 to 8");
  EXPECT_EQ(mistake_in("0: T1 close h1"), "line 3: operation: `0` is out of range, 1 to 65535");
  EXPECT_EQ(mistake_in("2: T1 read h1 out=4097"), "line 3: out: `4097` is out of range, 0 to 4096");
  EXPECT_EQ(mistake_in("2: T1 write h1 in=" + std::string(1026, '0')),
            "line 3: in: 513 bytes, at most 512 are possible");
  EXPECT_EQ(mistake_in("2: T1 ioctl h1 0x123456789"),
            "line 3: control code: `0x123456789` is out of range, 0 to 4294967295");
  EXPECT_EQ(mistake_in("2: T1 read h1 offset=99999999999999999999"),
            "line 3: offset: `99999999999999999999` is out of range, 0 to 18446744073709551615");
  EXPECT_EQ(mistake_in("schedule random runs=65"), "line 3: runs: `65` is out of range, 1 to 64");
  EXPECT_EQ(mistake_in("at op 1 start run dpc@32"), "line 3: actor: `32` is out of range, 0 to 31");
  std::string many;
  for (unsigned i = 2; i <= 513; ++i) many += fmt::format("{}: T1 close h1\n", i);
  EXPECT_EQ(mistake_in(many), "line 514: more than 512 operations");
}

TEST(TextMistakes, BrokenTextNeverDoesAnythingElse) {
  Random random(3);
  for (unsigned i = 0; i < 20'000; ++i) {
    std::string text(kSample);
    for (std::size_t n = random.between(1, 4); n > 0; --n) {
      const std::size_t at = 10 + random.below(text.size() - 10);
      if (random.percent(50))
        text[at] = static_cast<char>(random.next());
      else
        text.erase(at, random.below(10));
      if (text.size() < 20) break;
    }
    try {
      const Scenario scenario = from_text(text);
      ASSERT_EQ(from_text(to_text(scenario)), scenario) << text;
    } catch (const ScenarioError& error) {
      ASSERT_TRUE(std::string_view(error.what()).starts_with("line ")) << error.what();
    }
  }
}

}  // namespace
}  // namespace wdm::test
