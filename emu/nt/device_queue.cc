/* Device queues: a list with a busy state, so that one packet at a time is under way. */
#include "emu/nt/device_queue.h"

namespace nt {
namespace {

constexpr CSHORT kDeviceQueueObject = 20;

/* Holds the queue's lock. The IRQL goes up to DISPATCH_LEVEL if it is below. */
class QueueLock {
 public:
  QueueLock(PKDEVICE_QUEUE queue, const void* pc) : queue_(queue), pc_(pc), old_(mach_irql()) {
    if (old_ < DISPATCH_LEVEL) mach_raise_irql(DISPATCH_LEVEL, pc);
    mach_lock_acquire(&queue_->Lock, MACH_LOCK_INTERNAL, old_, pc_);
  }
  ~QueueLock() {
    mach_lock_release(&queue_->Lock, MACH_LOCK_INTERNAL, old_, pc_);
    if (old_ < DISPATCH_LEVEL) mach_lower_irql(old_, pc_);
  }
  QueueLock(const QueueLock&) = delete;

 private:
  PKDEVICE_QUEUE queue_;
  const void* pc_;
  m_u8 old_;
};

PKDEVICE_QUEUE_ENTRY entry_of(PLIST_ENTRY link) {
  return CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

void link_before(PLIST_ENTRY at, PLIST_ENTRY link) {
  link->Flink = at;
  link->Blink = at->Blink;
  at->Blink->Flink = link;
  at->Blink = link;
}

void unlink(PKDEVICE_QUEUE_ENTRY entry) {
  PLIST_ENTRY link = &entry->DeviceListEntry;
  link->Blink->Flink = link->Flink;
  link->Flink->Blink = link->Blink;
  entry->Inserted = FALSE;
}

}  // namespace

void device_queue_initialize(PKDEVICE_QUEUE queue, const void* pc) {
  queue->Type = kDeviceQueueObject;
  queue->Size = sizeof(KDEVICE_QUEUE);
  queue->DeviceListHead.Flink = queue->DeviceListHead.Blink = &queue->DeviceListHead;
  queue->Lock = 0;
  queue->Busy = FALSE;
  mach_lock_init(&queue->Lock, MACH_LOCK_INTERNAL, pc);
}

bool device_queue_insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG* key, const void* pc) {
  QueueLock lock(queue, pc);
  if (key) entry->SortKey = *key;
  entry->Inserted = queue->Busy;
  if (!queue->Busy) {
    queue->Busy = TRUE;
    return false;
  }
  PLIST_ENTRY at = &queue->DeviceListHead;
  if (key)
    for (at = at->Flink; at != &queue->DeviceListHead && entry_of(at)->SortKey <= *key;) at = at->Flink;
  link_before(at, &entry->DeviceListEntry);
  return true;
}

PKDEVICE_QUEUE_ENTRY device_queue_remove(PKDEVICE_QUEUE queue, const ULONG* key, const void* pc) {
  QueueLock lock(queue, pc);
  PLIST_ENTRY head = &queue->DeviceListHead;
  if (head->Flink == head) {
    queue->Busy = FALSE;
    return nullptr;
  }
  PLIST_ENTRY at = head->Flink;
  while (key && at != head && entry_of(at)->SortKey < *key) at = at->Flink;
  PKDEVICE_QUEUE_ENTRY entry = entry_of(at == head ? head->Flink : at);
  unlink(entry);
  return entry;
}

bool device_queue_remove_entry(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const void* pc) {
  QueueLock lock(queue, pc);
  if (!entry->Inserted) return false;
  unlink(entry);
  return true;
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
  DDI_ENTER(KeInitializeDeviceQueue, DeviceQueue);
  nt::device_queue_initialize(DeviceQueue, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
  DDI_ENTER(KeInsertDeviceQueue, DeviceQueue);
  return nt::device_queue_insert(DeviceQueue, DeviceQueueEntry, nullptr, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry,
                                                   ULONG SortKey) {
  DDI_ENTER(KeInsertByKeyDeviceQueue, DeviceQueue);
  return nt::device_queue_insert(DeviceQueue, DeviceQueueEntry, &SortKey, ddi.pc());
}

NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
  DDI_ENTER(KeRemoveDeviceQueue, DeviceQueue);
  return nt::device_queue_remove(DeviceQueue, nullptr, ddi.pc());
}

NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey) {
  DDI_ENTER(KeRemoveByKeyDeviceQueue, DeviceQueue);
  return nt::device_queue_remove(DeviceQueue, &SortKey, ddi.pc());
}

NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey) {
  DDI_ENTER(KeRemoveByKeyDeviceQueueIfBusy, DeviceQueue);
  return DeviceQueue->Busy ? nt::device_queue_remove(DeviceQueue, &SortKey, ddi.pc()) : nullptr;
}

NTKERNELAPI BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
  DDI_ENTER(KeRemoveEntryDeviceQueue, DeviceQueue);
  return nt::device_queue_remove_entry(DeviceQueue, DeviceQueueEntry, ddi.pc());
}

}  // extern "C"
