#include "emu/trace/ddi_numbers.h"
#include "emu/trace/trace.h"

#include <gtest/gtest.h>

namespace wdm {
namespace {

Trace with_objects(std::uint32_t kind, std::uint32_t number) {
  Trace trace;
  trace.objects = {{}, {kind, number, kNoSite, 0}};
  return trace;
}

TEST(Trace, LocksAreLetters) {
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 1), 1), "Lock A");
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 26), 1), "Lock Z");
  EXPECT_EQ(object_label(with_objects(OBJECT_CancelLock, 1), 1), "CancelLock");
  EXPECT_EQ(object_label(with_objects(OBJECT_KernelLock, 2), 1), "KernelLock 2");
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 27), 1), "Lock AA");
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 52), 1), "Lock AZ");
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 53), 1), "Lock BA");
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 702), 1), "Lock ZZ");
  EXPECT_EQ(object_label(with_objects(OBJECT_Lock, 703), 1), "Lock AAA");
}

TEST(Trace, OthersAreNumbers) {
  EXPECT_EQ(object_label(with_objects(OBJECT_Irp, 3), 1), "IRP 3");
  EXPECT_EQ(object_label(with_objects(OBJECT_Thread, 2), 1), "T2");
  EXPECT_EQ(object_label(with_objects(OBJECT_Pool, 4), 1), "Block 4");
}

TEST(Trace, NoObjectHasNoLabel) {
  EXPECT_EQ(object_label(with_objects(OBJECT_Irp, 3), 0), "");
  EXPECT_EQ(object_label(with_objects(OBJECT_Irp, 3), 2), "");
}

TEST(Trace, Contexts) {
  EXPECT_EQ(context_label({Context::Kind::operation, 3}), "op 3");
  EXPECT_EQ(context_label({Context::Kind::dpc, 1}), "dpc 1");
  EXPECT_EQ(context_label({Context::Kind::setup, 1}), "load");
  EXPECT_EQ(context_label({Context::Kind::teardown, 1}), "teardown");
  EXPECT_EQ(context_label({Context::Kind::thread, 2}), "thread 2");
  EXPECT_EQ(context_label({Context::Kind::idle, 1}), "idle");
}

TEST(Trace, NamesComeFromTheTables) {
  EXPECT_EQ(event_name(EVENT_LockAcquired), "LockAcquired");
  EXPECT_EQ(event_name(EVENT_Violation), "Violation");
  EXPECT_EQ(callback_name(CALLBACK_Dispatch), "dispatch routine");
  EXPECT_EQ(ddi_name(DDI_KeReleaseSpinLock), "KeReleaseSpinLock");
  EXPECT_EQ(ddi_family(DDI_KeReleaseSpinLock), "spin_lock");
  EXPECT_EQ(ddi_name(DDI_None), "");
}

TEST(Trace, NumbersOfNewerVersionsAreUnknown) {
  EXPECT_EQ(event_name(EVENT_COUNT), "unknown");
  EXPECT_EQ(callback_name(CALLBACK_COUNT), "unknown");
  EXPECT_EQ(ddi_name(DDI_COUNT), "unknown");
}

TEST(Trace, EveryDdiIsFoundByItsName) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) EXPECT_EQ(find_ddi(ddi_name(ddi)), ddi) << ddi_name(ddi);
  EXPECT_EQ(find_ddi("NoSuchDdi"), DDI_None);
  EXPECT_EQ(find_ddi(""), DDI_None);
}

TEST(Trace, EveryDdiHasASensibleRange) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    EXPECT_LE(ddi_info(ddi).min_irql, ddi_info(ddi).max_irql) << ddi_name(ddi);
    EXPECT_FALSE(ddi_family(ddi).empty()) << ddi_name(ddi);
  }
}

TEST(Trace, ClearEmptiesEverything) {
  Trace trace = with_objects(OBJECT_Irp, 1);
  trace.events.push_back({});
  trace.contexts.push_back({Context::Kind::idle, 1});
  trace.notes.push_back("note");
  trace.clear();
  EXPECT_TRUE(trace.events.empty() && trace.objects.empty() && trace.contexts.empty() && trace.notes.empty());
}

}  // namespace
}  // namespace wdm
