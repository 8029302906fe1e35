#include <gtest/gtest.h>

#include "emu/rules/irp_codes.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

struct References {
  EventList run;
  ObjectId device = run.object(OBJECT_Device);

  EventList& got() { return run.inside(DDI_IoGetAttachedDeviceReference).add(EVENT_Reference, device, 1).inside(DDI_None); }
  EventList& taken() { return run.inside(DDI_ObfReferenceObject).add(EVENT_Reference, device, 1).inside(DDI_None); }
  EventList& dropped() { return run.inside(DDI_ObfDereferenceObject).add(EVENT_Reference, device, 0).inside(DDI_None); }
  EventList& unload() { return run.enter(CALLBACK_Unload).leave(CALLBACK_Unload); }
};

TEST(DanglingDeviceObjectReference, FiresWhenNotAllWereDropped) {
  for (int times = 1; times < 4; ++times) {
    for (int drops = 0; drops <= times; ++drops) {
      References test;
      for (int i = 0; i < times; ++i) test.got();
      const std::uint32_t last = test.run.last();
      for (int i = 0; i < drops; ++i) test.dropped();
      test.unload();
      EXPECT_EQ(test.run.fired(), drops < times ? names{"DanglingDeviceObjectReference"} : names{});
      if (drops < times) EXPECT_EQ(test.run.finding().event, last);
    }
  }
}

TEST(DanglingDeviceObjectReference, SilentBeforeTheDriverIsUnloaded) {
  References test;
  test.got();
  EXPECT_EQ(test.run.fired(), names{});
}

TEST(DanglingDeviceObjectReference, SilentForOtherReferences) {
  References test;
  test.taken();
  test.unload();
  EXPECT_EQ(test.run.fired(), names{});
}

struct TargetRelation : References {
  ObjectId irp = 0;

  EventList& ask() {
    irp = run.object(OBJECT_Irp);
    run.outside([&] { run.add(EVENT_IrpCreate, irp, major::kPnp); });
    return run.dispatch(irp, major::kPnp, pnp::kQueryDeviceRelations, device);
  }
  EventList& answer() {
    run.complete(irp).leave(CALLBACK_Dispatch, irp);
    return run.outside([&] { run.add(EVENT_TargetRelation, device).add(EVENT_Reference, device, 0); });
  }
};

TEST(TargetRelationNeedsRef, FiresWithoutAReference) {
  TargetRelation test;
  test.ask();
  const std::uint32_t completed = test.run.next();
  test.answer();
  EXPECT_EQ(test.run.fired(), names{"TargetRelationNeedsRef"});
  EXPECT_EQ(test.run.finding().event, completed);
}

TEST(TargetRelationNeedsRef, SilentWithAReference) {
  TargetRelation test;
  test.ask();
  test.taken();
  test.answer();
  EXPECT_EQ(test.run.fired(), names{});
}

TEST(TargetRelationNeedsRef, AReferenceFromBeforeDoesNotCount) {
  TargetRelation test;
  test.taken();
  test.ask();
  test.answer();
  EXPECT_EQ(test.run.fired(), names{"TargetRelationNeedsRef"});
}

TEST(TargetRelationNeedsRef, EachAnswerNeedsItsOwn) {
  TargetRelation test;
  test.ask();
  test.taken();
  test.answer();
  test.ask();
  test.answer();
  EXPECT_EQ(test.run.fired(), names{"TargetRelationNeedsRef"});
}

}  // namespace
}  // namespace wdm
