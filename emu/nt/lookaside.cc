/* Lookaside lists. They keep no entries: each goes back to pool, so that an entry used after it was freed is seen. */
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"
#include "emu/nt/pool.h"

namespace nt {
namespace {

constexpr ULONG kRaiseOnFail = 1; /* EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL */
constexpr ULONG kFailNoRaise = 2; /* EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE: quota without an exception */

/* All that are initialised. In the kernel's memory, since the driver may free its own. */
struct Record {
  Record* next;
  void* list;
};
Record* records;

Record** find(const void* list) {
  Record** at = &records;
  while (*at && (*at)->list != list) at = &(*at)->next;
  return at;
}

void forget(const void* list) {
  Record** at = find(list);
  if (*at) *at = (*at)->next;
}

void remember(void* list) {
  forget(list);
  mach_object_gone(list); /* another one from now on */
  auto* record = (Record*)mach_pool_alloc(sizeof(Record), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *record = {nullptr, list};
  *find(nullptr) = record;
}

m_u32 object_of(const Record* record) {
  return mach_object(OBJECT_Lookaside, record->list);
}

/* GENERAL_LOOKASIDE and GENERAL_LOOKASIDE_POOL have the same members. Null routines mean pool. */
template <typename Lookaside>
void init(Lookaside* list, ULONG type, SIZE_T size, ULONG tag) {
  remember(list);
  __builtin_memset(list, 0, sizeof(*list));
  list->Type = (POOL_TYPE)type;
  list->Tag = tag;
  list->Size = (ULONG)size;
  list->Depth = 4;
  list->MaximumDepth = 256;
}

template <typename Lookaside>
void remove(Lookaside* list) {
  forget(list);
  list->Depth = 0;
}

template <typename Call>
auto call_driver(const void* routine, const Call& call) {
  mach_enter(CALLBACK_Other, routine, 0, 0);
  auto result = call();
  mach_leave(CALLBACK_Other, 0, 0);
  return result;
}

void* allocate(GENERAL_LOOKASIDE* list, const void* pc) {
  ++list->TotalAllocates;
  ++list->AllocateMisses;
  if (!list->Allocate) return pool_allocate(list->Type, list->Size, list->Tag, pc);
  return call_driver((const void*)list->Allocate, [&] { return list->Allocate(list->Type, list->Size, list->Tag); });
}

void free(GENERAL_LOOKASIDE* list, void* entry, const void* pc) {
  ++list->TotalFrees;
  ++list->FreeMisses;
  if (!list->Free) return pool_free(entry, list->Tag, pc);
  call_driver((const void*)list->Free, [&] { return list->Free(entry), 0; });
}

void* allocate_ex(PLOOKASIDE_LIST_EX list, const void* pc) {
  ++list->L.TotalAllocates;
  ++list->L.AllocateMisses;
  if (!list->L.AllocateEx) return pool_allocate(list->L.Type, list->L.Size, list->L.Tag, pc);
  return call_driver((const void*)list->L.AllocateEx,
                     [&] { return list->L.AllocateEx(list->L.Type, list->L.Size, list->L.Tag, list); });
}

void free_ex(PLOOKASIDE_LIST_EX list, void* entry, const void* pc) {
  ++list->L.TotalFrees;
  ++list->L.FreeMisses;
  if (!list->L.FreeEx) return pool_free(entry, list->L.Tag, pc);
  call_driver((const void*)list->L.FreeEx, [&] { return list->L.FreeEx(entry, list), 0; });
}

void init_with_routines(GENERAL_LOOKASIDE* list, ULONG type, ULONG flags, PALLOCATE_FUNCTION allocate,
                        PFREE_FUNCTION free, SIZE_T size, ULONG tag) {
  init(list, type | (flags & POOL_RAISE_IF_ALLOCATION_FAILURE), size, tag);
  list->Allocate = allocate;
  list->Free = free;
}

}  // namespace

void note_lookaside_lists_in(const void* memory, m_u64 size, const void* pc) {
  for (const Record* record = records; record; record = record->next) {
    if (!is_inside(record->list, memory, size)) continue;
    mach_event(EVENT_ObjectFreed, object_of(record), FREED_Memory, FREED_Kept, pc);
    forget(record->list);
  }
}

void note_lookaside_lists_left(const void* pc) {
  for (const Record* record = records; record; record = record->next)
    mach_event(EVENT_ObjectFreed, object_of(record), FREED_Image, FREED_Kept, pc);
}

void reset_lookaside() {
  records = nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                                       PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                                       USHORT) {
  DDI_ENTER(ExInitializeNPagedLookasideList, Lookaside);
  nt::init_with_routines(&Lookaside->L, NonPagedPool, Flags, Allocate, Free, Size, Tag);
}

NTKERNELAPI VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  DDI_ENTER(ExDeleteNPagedLookasideList, Lookaside);
  nt::remove(&Lookaside->L);
}

NTKERNELAPI PVOID NTAPI ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  DDI_ENTER(ExAllocateFromNPagedLookasideList, Lookaside);
  return nt::allocate(&Lookaside->L, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
  DDI_ENTER(ExFreeToNPagedLookasideList, Lookaside);
  nt::free(&Lookaside->L, Entry, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                                      PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                                      USHORT) {
  DDI_ENTER(ExInitializePagedLookasideList, Lookaside);
  nt::init_with_routines(&Lookaside->L, PagedPool, Flags, Allocate, Free, Size, Tag);
}

NTKERNELAPI VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  DDI_ENTER(ExDeletePagedLookasideList, Lookaside);
  nt::remove(&Lookaside->L);
}

NTKERNELAPI PVOID NTAPI ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  DDI_ENTER(ExAllocateFromPagedLookasideList, Lookaside);
  return nt::allocate(&Lookaside->L, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
  DDI_ENTER(ExFreeToPagedLookasideList, Lookaside);
  nt::free(&Lookaside->L, Entry, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                                       PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags,
                                                       SIZE_T Size, ULONG Tag, USHORT Depth) {
  DDI_ENTER(ExInitializeLookasideListEx, Lookaside);
  if (Depth) return STATUS_INVALID_PARAMETER_8;
  if (Flags == (nt::kRaiseOnFail | nt::kFailNoRaise)) return STATUS_INVALID_PARAMETER_5;
  const ULONG raises = Flags & nt::kRaiseOnFail ? POOL_RAISE_IF_ALLOCATION_FAILURE : 0;
  nt::init(&Lookaside->L, (ULONG)PoolType | raises, Size, Tag);
  Lookaside->L.AllocateEx = Allocate;
  Lookaside->L.FreeEx = Free;
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  DDI_ENTER(ExDeleteLookasideListEx, Lookaside);
  nt::remove(&Lookaside->L);
}

NTKERNELAPI VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  DDI_ENTER(ExFlushLookasideListEx, Lookaside);
}

NTKERNELAPI PVOID NTAPI ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  DDI_ENTER(ExAllocateFromLookasideListEx, Lookaside);
  return nt::allocate_ex(Lookaside, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry) {
  DDI_ENTER(ExFreeToLookasideListEx, Lookaside);
  nt::free_ex(Lookaside, Entry, ddi.pc());
}

}  // extern "C"
