/* Device queues without scheduling points of their own, for IoStartPacket and its like. */
#ifndef WDMFUZZ_EMU_NT_DEVICE_QUEUE_H
#define WDMFUZZ_EMU_NT_DEVICE_QUEUE_H

#include "emu/nt/nt.h"

namespace nt {

/* `pc` null: a queue of the kernel's own. Emits LockInit. */
void device_queue_initialize(PKDEVICE_QUEUE queue, const void* pc);
/* The rest take the queue's lock, a leaf. Yields.
 * insert: true when the queue was busy and the entry is now on it, behind those with a key up to *key (null: last);
 * false when it becomes busy and the entry is not on it. */
bool device_queue_insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG* key, const void* pc);
/* The next entry, with `key` the first whose key is not below *key or else the first; null when the queue is empty,
 * which makes it not busy. */
PKDEVICE_QUEUE_ENTRY device_queue_remove(PKDEVICE_QUEUE queue, const ULONG* key, const void* pc);
/* True when the entry was on the queue; it is off now. */
bool device_queue_remove_entry(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const void* pc);

}  // namespace nt

#endif
