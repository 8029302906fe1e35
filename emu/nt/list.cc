/* Lists: doubly linked, singly linked, those with a spin lock of their own, and sequenced lists. */
#include "emu/nt/list.h"

#include "emu/nt/irp.h"

namespace nt {
namespace {

constexpr m_u64 kCorruptListEntry = 3;

[[noreturn]] void corrupt(const void* entry, const void* pc) {
  mach_bug_check(0x139, kCorruptListEntry, 0, 0, (m_u64)entry, pc);
}

/* Holds the lock of an ExInterlocked routine. Windows masks interrupts meanwhile, so nothing comes in between here. */
class ListLock {
 public:
  ListLock(PKSPIN_LOCK lock, const void* pc) : lock_(lock), pc_(pc), old_(mach_irql()) {
    if (old_ < DISPATCH_LEVEL) mach_raise_irql(DISPATCH_LEVEL, pc_);
    mach_lock_acquire(lock_, MACH_LOCK_SPIN | MACH_LOCK_AT_DPC, mach_irql(), pc_);
  }
  ~ListLock() {
    mach_lock_release(lock_, MACH_LOCK_SPIN | MACH_LOCK_AT_DPC, mach_irql(), pc_);
    if (old_ < DISPATCH_LEVEL) mach_lower_irql(old_, pc_);
  }
  ListLock(const ListLock&) = delete;

 private:
  PKSPIN_LOCK lock_;
  const void* pc_;
  KIRQL old_;
};

PSINGLE_LIST_ENTRY pop(PSINGLE_LIST_ENTRY head) {
  PSINGLE_LIST_ENTRY first = head->Next;
  if (first) head->Next = first->Next;
  return first;
}

PSINGLE_LIST_ENTRY push(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry) {
  PSINGLE_LIST_ENTRY old = head->Next;
  entry->Next = old;
  head->Next = entry;
  return old;
}

/* Sequenced lists: the first entry's address without its four low bits, a depth and a sequence number. */
PSLIST_ENTRY first_of(PSLIST_HEADER list) {
  return (PSLIST_ENTRY)(ULONG_PTR)(list->HeaderX64.NextEntry << 4);
}

void set_first(PSLIST_HEADER list, PSLIST_ENTRY entry) {
  list->HeaderX64.NextEntry = (ULONG_PTR)entry >> 4;
}

PSLIST_ENTRY slist_push(PSLIST_HEADER list, PSLIST_ENTRY entry) {
  if ((ULONG_PTR)entry & 15) RtlRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
  PSLIST_ENTRY old = first_of(list);
  entry->Next = old;
  set_first(list, entry);
  ++list->HeaderX64.Depth;
  ++list->HeaderX64.Sequence;
  return old;
}

PSLIST_ENTRY slist_pop(PSLIST_HEADER list) {
  PSLIST_ENTRY first = first_of(list);
  if (!first) return nullptr;
  set_first(list, first->Next);
  --list->HeaderX64.Depth;
  ++list->HeaderX64.Sequence;
  return first;
}

PSLIST_ENTRY slist_flush(PSLIST_HEADER list) {
  PSLIST_ENTRY first = first_of(list);
  set_first(list, nullptr);
  list->HeaderX64.Depth = 0;
  ++list->HeaderX64.Sequence;
  return first;
}

}  // namespace

void list_insert_tail(PLIST_ENTRY head, PLIST_ENTRY entry, const void* pc) {
  PLIST_ENTRY last = head->Blink;
  if (last->Flink != head) corrupt(head, pc);
  entry->Flink = head;
  entry->Blink = last;
  last->Flink = entry;
  head->Blink = entry;
}

void list_insert_head(PLIST_ENTRY head, PLIST_ENTRY entry, const void* pc) {
  PLIST_ENTRY first = head->Flink;
  if (first->Blink != head) corrupt(head, pc);
  entry->Flink = first;
  entry->Blink = head;
  first->Blink = entry;
  head->Flink = entry;
}

bool list_remove(PLIST_ENTRY entry, const void* pc) {
  PLIST_ENTRY next = entry->Flink;
  PLIST_ENTRY previous = entry->Blink;
  if (next->Blink != entry || previous->Flink != entry) corrupt(entry, pc);
  previous->Flink = next;
  next->Blink = previous;
  return next == previous;
}

/* Says so when the entry is that of an IRP, by which drivers queue it. */
static void note_irp(m_u16 event, PLIST_ENTRY entry, const void* pc) {
  const IrpRecord* record = irp_find(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry));
  if (record && !record->gone) mach_event(event, record->object, 0, 0, pc);
}

static void insert_tail(PLIST_ENTRY head, PLIST_ENTRY entry, const void* pc) {
  note_irp(EVENT_IrpInsert, entry, pc);
  list_insert_tail(head, entry, pc);
}

static void insert_head(PLIST_ENTRY head, PLIST_ENTRY entry, const void* pc) {
  note_irp(EVENT_IrpInsert, entry, pc);
  list_insert_head(head, entry, pc);
}

static bool remove(PLIST_ENTRY entry, const void* pc) {
  note_irp(EVENT_IrpRemove, entry, pc);
  return list_remove(entry, pc);
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry) {
  DDI_ENTER(InsertTailList, ListHead);
  nt::insert_tail(ListHead, Entry, ddi.pc());
}

NTKERNELAPI VOID NTAPI InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry) {
  DDI_ENTER(InsertHeadList, ListHead);
  nt::insert_head(ListHead, Entry, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI RemoveEntryList(PLIST_ENTRY Entry) {
  DDI_ENTER(RemoveEntryList, Entry);
  return nt::remove(Entry, ddi.pc());
}

/* Of an empty list: the head itself, as on Windows. */
NTKERNELAPI PLIST_ENTRY NTAPI RemoveHeadList(PLIST_ENTRY ListHead) {
  DDI_ENTER(RemoveHeadList, ListHead);
  PLIST_ENTRY entry = ListHead->Flink;
  nt::remove(entry, ddi.pc());
  return entry;
}

NTKERNELAPI PLIST_ENTRY NTAPI RemoveTailList(PLIST_ENTRY ListHead) {
  DDI_ENTER(RemoveTailList, ListHead);
  PLIST_ENTRY entry = ListHead->Blink;
  nt::remove(entry, ddi.pc());
  return entry;
}

/* `ListToAppend` is a list without a head. */
NTKERNELAPI VOID NTAPI AppendTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListToAppend) {
  DDI_ENTER(AppendTailList, ListHead);
  PLIST_ENTRY last = ListHead->Blink;
  PLIST_ENTRY appended_last = ListToAppend->Blink;
  if (last->Flink != ListHead || appended_last->Flink != ListToAppend) nt::corrupt(ListHead, ddi.pc());
  last->Flink = ListToAppend;
  ListHead->Blink = appended_last;
  appended_last->Flink = ListHead;
  ListToAppend->Blink = last;
}

NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI PopEntryList(PSINGLE_LIST_ENTRY ListHead) {
  DDI_ENTER(PopEntryList, ListHead);
  return nt::pop(ListHead);
}

NTKERNELAPI VOID NTAPI PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry) {
  DDI_ENTER(PushEntryList, ListHead);
  nt::push(ListHead, Entry);
}

NTKERNELAPI PLIST_ENTRY FASTCALL ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                                             PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedInsertHeadList, ListHead);
  nt::ListLock lock(Lock, ddi.pc());
  PLIST_ENTRY old = nt::list_is_empty(ListHead) ? nullptr : ListHead->Flink;
  nt::insert_head(ListHead, ListEntry, ddi.pc());
  return old;
}

NTKERNELAPI PLIST_ENTRY FASTCALL ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                                             PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedInsertTailList, ListHead);
  nt::ListLock lock(Lock, ddi.pc());
  PLIST_ENTRY old = nt::list_is_empty(ListHead) ? nullptr : ListHead->Blink;
  nt::insert_tail(ListHead, ListEntry, ddi.pc());
  return old;
}

NTKERNELAPI PLIST_ENTRY FASTCALL ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedRemoveHeadList, ListHead);
  nt::ListLock lock(Lock, ddi.pc());
  if (nt::list_is_empty(ListHead)) return nullptr;
  PLIST_ENTRY entry = ListHead->Flink;
  nt::remove(entry, ddi.pc());
  return entry;
}

NTKERNELAPI PSINGLE_LIST_ENTRY FASTCALL ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedPopEntryList, ListHead);
  nt::ListLock lock(Lock, ddi.pc());
  return nt::pop(ListHead);
}

NTKERNELAPI PSINGLE_LIST_ENTRY FASTCALL ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                                   PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedPushEntryList, ListHead);
  nt::ListLock lock(Lock, ddi.pc());
  return nt::push(ListHead, ListEntry);
}

NTKERNELAPI ULONG FASTCALL ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedAddUlong, Addend);
  nt::ListLock lock(Lock, ddi.pc());
  const ULONG old = *Addend;
  *Addend = old + Increment;
  return old;
}

NTKERNELAPI LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                             PKSPIN_LOCK Lock) {
  DDI_ENTER(ExInterlockedAddLargeInteger, Addend);
  nt::ListLock lock(Lock, ddi.pc());
  const LARGE_INTEGER old = *Addend;
  Addend->QuadPart = old.QuadPart + Increment.QuadPart;
  return old;
}

VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead) {
  DDI_ENTER(InitializeSListHead, SListHead);
  if ((ULONG_PTR)SListHead & 15) RtlRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
  __builtin_memset(SListHead, 0, sizeof(*SListHead));
  SListHead->HeaderX64.HeaderType = 1;
}

NTKERNELAPI USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead) {
  DDI_ENTER(ExQueryDepthSList, SListHead);
  return (USHORT)SListHead->HeaderX64.Depth;
}

NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry) {
  DDI_ENTER(InterlockedPushEntrySList, ListHead);
  return nt::slist_push(ListHead, ListEntry);
}

NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedPopEntrySList(PSLIST_HEADER ListHead) {
  DDI_ENTER(InterlockedPopEntrySList, ListHead);
  return nt::slist_pop(ListHead);
}

NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedFlushSList(PSLIST_HEADER ListHead) {
  DDI_ENTER(InterlockedFlushSList, ListHead);
  return nt::slist_flush(ListHead);
}

/* The lock is a leftover of older processors and is not used. */
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry,
                                                           PKSPIN_LOCK) {
  DDI_ENTER(ExInterlockedPushEntrySList, ListHead);
  return nt::slist_push(ListHead, ListEntry);
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK) {
  DDI_ENTER(ExInterlockedPopEntrySList, ListHead);
  return nt::slist_pop(ListHead);
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedFlushSList(PSLIST_HEADER ListHead) {
  DDI_ENTER(ExInterlockedFlushSList, ListHead);
  return nt::slist_flush(ListHead);
}

/* What the WDK's headers call. */
PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry) {
  DDI_ENTER(ExpInterlockedPushEntrySList, ListHead);
  return nt::slist_push(ListHead, ListEntry);
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead) {
  DDI_ENTER(ExpInterlockedPopEntrySList, ListHead);
  return nt::slist_pop(ListHead);
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead) {
  DDI_ENTER(ExpInterlockedFlushSList, ListHead);
  return nt::slist_flush(ListHead);
}

}  // extern "C"
