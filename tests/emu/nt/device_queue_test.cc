#include "tests/emu/nt/check.h"

TEST(device_queue_keeps_the_key_of_an_entry_inserted_without_one) {
  KDEVICE_QUEUE queue;
  KDEVICE_QUEUE_ENTRY entries[4] = {};
  KIRQL old;
  KeInitializeDeviceQueue(&queue);
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  CHECK(!KeInsertDeviceQueue(&queue, &entries[0]) && queue.Busy && !entries[0].Inserted);
  entries[1].SortKey = 7;
  CHECK(KeInsertDeviceQueue(&queue, &entries[1]) && entries[1].SortKey == 7);
  CHECK(KeInsertByKeyDeviceQueue(&queue, &entries[2], 5) && KeInsertByKeyDeviceQueue(&queue, &entries[3], 9));
  CHECK(KeRemoveDeviceQueue(&queue) == &entries[2] && KeRemoveDeviceQueue(&queue) == &entries[1]);
  CHECK(KeRemoveEntryDeviceQueue(&queue, &entries[3]) && !KeRemoveEntryDeviceQueue(&queue, &entries[3]));
  CHECK(KeRemoveDeviceQueue(&queue) == nullptr && !queue.Busy);
  KeLowerIrql(old);
}
