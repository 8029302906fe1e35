/* Executive resources: locks with one exclusive owner or many shared ones, each of which may own it several times.
 *
 * OwnerEntry is the exclusive owner, OwnerTable has the shared ones; ActiveCount and ActiveEntries say how many owners
 * there are. An owner is a thread, or whatever ExSetResourceOwnerPointer put in its place. A resource is handed over by
 * who releases it: from an exclusive owner to all shared waiters, else to the first exclusive one; from the last shared
 * owner to the first exclusive waiter.
 */
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"
#include "emu/nt/ownership.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

enum class Access : m_u8 { exclusive, shared, shared_starve_exclusive, shared_wait_for_exclusive };

/* An owner pointer that is no thread has its two low bits set. */
constexpr ERESOURCE_THREAD kOwnerPointerBits = 3;
constexpr ULONG kFirstTableSize = 4;

LIST_ENTRY resources; /* all that are initialised, by SystemResourcesList */

bool is_listed(const ERESOURCE* resource) {
  for (const LIST_ENTRY* entry = resources.Flink; entry != &resources; entry = entry->Flink)
    if (entry == &resource->SystemResourcesList) return true;
  return false;
}

PERESOURCE resource_at(LIST_ENTRY* entry) {
  return CONTAINING_RECORD(entry, ERESOURCE, SystemResourcesList);
}

m_u32 object_of(PERESOURCE resource) {
  return mach_object(OBJECT_Resource, resource);
}

Thread* thread_of(ERESOURCE_THREAD owner) {
  auto* const pointer = (void*)(owner & ~kOwnerPointerBits);
  return is_thread(pointer) ? (Thread*)pointer : nullptr;
}

/* A waiter to whom the resource is handed says so itself, where it waits. */
void own(PERESOURCE resource, ERESOURCE_THREAD owner, m_u32 how, const void* pc) {
  const Thread* thread = thread_of(owner);
  if (thread && !thread->waiting) note_owner(object_of(resource), thread, how, pc);
}

void disown(PERESOURCE resource, ERESOURCE_THREAD owner, const void* pc) {
  if (const Thread* thread = thread_of(owner)) note_no_owner(object_of(resource), thread, pc);
}

/* ---- owners -------------------------------------------------------------------------------------------------- */

bool is_exclusive(const ERESOURCE* resource) {
  return resource->Flag & ResourceOwnedExclusive;
}

void set_active(PERESOURCE resource, ULONG owners) {
  resource->ActiveEntries = owners;
  resource->ActiveCount = (SHORT)owners;
}

/* The table's first entry holds its size. */
OWNER_ENTRY* find_shared(PERESOURCE resource, ERESOURCE_THREAD owner) {
  if (!resource->OwnerTable) return nullptr;
  for (ULONG i = 1; i < resource->OwnerTable[0].TableSize; ++i)
    if (resource->OwnerTable[i].OwnerThread == owner) return &resource->OwnerTable[i];
  return nullptr;
}

/* That owner's entry, or null. */
OWNER_ENTRY* find_owner(PERESOURCE resource, ERESOURCE_THREAD owner) {
  if (!is_exclusive(resource)) return find_shared(resource, owner);
  return resource->OwnerEntry.OwnerThread == owner ? &resource->OwnerEntry : nullptr;
}

void grow_table(PERESOURCE resource) {
  const ULONG old_size = resource->OwnerTable ? resource->OwnerTable[0].TableSize : 0;
  const ULONG size = old_size ? 2 * old_size : kFirstTableSize;
  auto* table = (POWNER_ENTRY)mach_pool_alloc(size * sizeof(OWNER_ENTRY), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  for (ULONG i = 1; i < old_size; ++i) table[i] = resource->OwnerTable[i];
  table[0].TableSize = size;
  resource->OwnerTable = table;
}

OWNER_ENTRY* free_entry(PERESOURCE resource) {
  if (OWNER_ENTRY* entry = find_shared(resource, 0)) return entry;
  grow_table(resource);
  return find_shared(resource, 0);
}

void add_shared(PERESOURCE resource, ERESOURCE_THREAD owner, bool waits, const void* pc) {
  OWNER_ENTRY* entry = find_shared(resource, owner);
  if (!entry) {
    entry = free_entry(resource);
    *entry = {};
    entry->OwnerThread = owner;
    set_active(resource, resource->ActiveEntries + 1);
    own(resource, owner, OwnedShared | (waits ? 0 : OwnedWithoutWait), pc);
  }
  ++entry->OwnerCount;
}

void set_exclusive(PERESOURCE resource, ERESOURCE_THREAD owner, bool waits, const void* pc) {
  resource->OwnerEntry = {};
  resource->OwnerEntry.OwnerThread = owner;
  resource->OwnerEntry.OwnerCount = 1;
  resource->Flag |= ResourceOwnedExclusive;
  set_active(resource, 1);
  own(resource, owner, OwnedExclusively | (waits ? 0 : OwnedWithoutWait), pc);
}

/* ---- waiting and handing over ----------------------------------------------------------------------------------- */

void* kernel_memory(m_u64 size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

void wait_shared(PERESOURCE resource, const void* pc) {
  if (!resource->SharedWaiters) {
    auto* semaphore = (PKSEMAPHORE)kernel_memory(sizeof(KSEMAPHORE));
    init_dispatcher(&semaphore->Header, TypeSemaphore, sizeof(KSEMAPHORE), 0);
    semaphore->Limit = MAXLONG;
    resource->SharedWaiters = semaphore;
  }
  ++resource->NumberOfSharedWaiters;
  ++resource->ContentionCount;
  const bool owned_it = find_shared(resource, (ERESOURCE_THREAD)current_thread()) != nullptr;
  wait_one(&resource->SharedWaiters->Header, 0, object_of(resource), resource, pc);
  if (!owned_it) note_owner(object_of(resource), current_thread(), OwnedShared, pc);
}

void wait_exclusive(PERESOURCE resource, const void* pc) {
  if (!resource->ExclusiveWaiters) {
    auto* event = (PKEVENT)kernel_memory(sizeof(KEVENT));
    init_event(event, SynchronizationEvent, false);
    resource->ExclusiveWaiters = event;
  }
  ++resource->NumberOfExclusiveWaiters;
  ++resource->ContentionCount;
  wait_one(&resource->ExclusiveWaiters->Header, 0, object_of(resource), resource, pc);
  note_owner(object_of(resource), current_thread(), OwnedExclusively, pc);
}

ERESOURCE_THREAD waiter_at(const LIST_ENTRY* entry) {
  return (ERESOURCE_THREAD)CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->Thread;
}

void hand_to_shared_waiters(PERESOURCE resource, const void* pc) {
  DISPATCHER_HEADER* header = &resource->SharedWaiters->Header;
  for (LIST_ENTRY* entry = header->WaitListHead.Flink; entry != &header->WaitListHead; entry = entry->Flink)
    add_shared(resource, waiter_at(entry), true, pc);
  header->SignalState += (LONG)resource->NumberOfSharedWaiters;
  resource->NumberOfSharedWaiters = 0;
  satisfy_waiters(header);
}

void hand_to_exclusive_waiter(PERESOURCE resource, const void* pc) {
  DISPATCHER_HEADER* header = &resource->ExclusiveWaiters->Header;
  set_exclusive(resource, waiter_at(header->WaitListHead.Flink), true, pc);
  --resource->NumberOfExclusiveWaiters;
  header->SignalState = 1;
  satisfy_waiters(header);
}

/* Nobody owns it any more. */
void hand_over(PERESOURCE resource, bool was_exclusive, const void* pc) {
  const bool shared_waits = resource->NumberOfSharedWaiters > 0;
  const bool exclusive_waits = resource->NumberOfExclusiveWaiters > 0;
  if (shared_waits && (was_exclusive || !exclusive_waits))
    hand_to_shared_waiters(resource, pc);
  else if (exclusive_waits)
    hand_to_exclusive_waiter(resource, pc);
}

/* ---- what must hold ---------------------------------------------------------------------------------------------- */

void require_resource(PERESOURCE resource, const void* pc) {
  if (resource->SystemResourcesList.Flink) return;
  mach_violation("LockNotInitialized", "executive resource used before ExInitializeResourceLite", object_of(resource), pc);
}

void require_apcs_off(PERESOURCE resource, const char* what, const void* pc) {
  if (!apcs_are_off(current_thread())) mach_violation("WithinCriticalRegion", what, object_of(resource), pc);
}

void require_unowned(PERESOURCE resource, const char* what, const void* pc) {
  if (resource->ActiveEntries > 0) mach_violation("LockFreedWhileHeld", what, object_of(resource), pc);
}

[[noreturn]] void not_owned(PERESOURCE resource, ERESOURCE_THREAD owner, const void* pc) {
  mach_bug_check(0xE3, (m_u64)resource, owner, (m_u64)resource->OwnerTable, 0, pc); /* RESOURCE_NOT_OWNED */
}

/* ---- what the DDIs do ---------------------------------------------------------------------------------------------- */

bool acquire_exclusive(PERESOURCE resource, bool wait, const void* pc) {
  const auto me = (ERESOURCE_THREAD)current_thread();
  if (resource->ActiveEntries == 0) {
    set_exclusive(resource, me, wait, pc);
  } else if (is_exclusive(resource) && resource->OwnerEntry.OwnerThread == me) {
    ++resource->OwnerEntry.OwnerCount;
  } else {
    if (!wait) return false;
    wait_exclusive(resource, pc);
  }
  return true;
}

/* A resource with shared owners: must this request queue behind the exclusive waiters? */
bool queues_behind_exclusive(PERESOURCE resource, Access access, ERESOURCE_THREAD me) {
  if (resource->NumberOfExclusiveWaiters == 0 || access == Access::shared_starve_exclusive) return false;
  return access == Access::shared_wait_for_exclusive || !find_shared(resource, me);
}

bool acquire_shared(PERESOURCE resource, Access access, bool wait, const void* pc) {
  const auto me = (ERESOURCE_THREAD)current_thread();
  if (is_exclusive(resource) && resource->OwnerEntry.OwnerThread == me) {
    ++resource->OwnerEntry.OwnerCount;
    return true;
  }
  if (is_exclusive(resource) || queues_behind_exclusive(resource, access, me)) {
    if (!wait) return false;
    wait_shared(resource, pc);
    return true;
  }
  add_shared(resource, me, wait, pc);
  return true;
}

bool acquire(PERESOURCE resource, Access access, bool wait, const void* pc) {
  require_resource(resource, pc);
  require_apcs_off(resource, "executive resource acquired while normal kernel APCs are on", pc);
  return access == Access::exclusive ? acquire_exclusive(resource, wait, pc)
                                     : acquire_shared(resource, access, wait, pc);
}

void release(PERESOURCE resource, ERESOURCE_THREAD owner, const void* pc) {
  require_apcs_off(resource, "executive resource released while normal kernel APCs are on (0xC4, 0x38)", pc);
  OWNER_ENTRY* entry = owner ? find_owner(resource, owner) : nullptr;
  if (!entry) not_owned(resource, owner, pc);
  if (--entry->OwnerCount > 0) return;
  const bool was_exclusive = is_exclusive(resource);
  *entry = {};
  resource->Flag &= (USHORT)~ResourceOwnedExclusive;
  set_active(resource, resource->ActiveEntries - 1);
  disown(resource, owner, pc);
  if (resource->ActiveEntries == 0) hand_over(resource, was_exclusive, pc);
}

/* Another thread's ownership can be released only after it was transferred, so that the thread cannot end meanwhile. */
void release_for(PERESOURCE resource, ERESOURCE_THREAD owner, const void* pc) {
  const bool another = owner != (ERESOURCE_THREAD)current_thread() && (owner & kOwnerPointerBits) == 0;
  const OWNER_ENTRY* entry = another && owner ? find_owner(resource, owner) : nullptr;
  if (entry && !entry->OwnerReferenced) /* ERESOURCE_INVALID_RELEASE */
    mach_bug_check(0x16E, (m_u64)resource, (m_u64)current_thread(), owner, 0, pc);
  release(resource, owner, pc);
}

/* Has no effect on a resource that the caller does not own exclusively. */
void convert_to_shared(PERESOURCE resource, const void* pc) {
  const auto me = (ERESOURCE_THREAD)current_thread();
  if (!is_exclusive(resource) || resource->OwnerEntry.OwnerThread != me) return;
  const OWNER_ENTRY owner = resource->OwnerEntry;
  resource->OwnerEntry = {};
  resource->Flag &= (USHORT)~ResourceOwnedExclusive;
  *free_entry(resource) = owner;
  disown(resource, me, pc);
  own(resource, me, OwnedShared | OwnedWithoutWait, pc);
  if (resource->NumberOfSharedWaiters > 0) hand_to_shared_waiters(resource, pc);
}

void set_owner_pointer(PERESOURCE resource, ERESOURCE_THREAD owner, bool is_a_thread, const void* pc) {
  const auto me = (ERESOURCE_THREAD)current_thread();
  const bool valid = is_a_thread ? thread_of(owner) != nullptr : (owner & kOwnerPointerBits) == kOwnerPointerBits;
  if (!valid) mach_bug_check(0x132, (m_u64)resource, me, owner, 0, pc); /* RESOURCE_OWNER_POINTER_INVALID */
  OWNER_ENTRY* mine = find_owner(resource, me);
  if (!mine) not_owned(resource, me, pc);
  disown(resource, me, pc);
  OWNER_ENTRY* known = owner == me ? nullptr : find_owner(resource, owner);
  if (known) {
    known->OwnerCount += mine->OwnerCount;
    known->OwnerReferenced = is_a_thread;
    *mine = {};
    set_active(resource, resource->ActiveEntries - 1);
    return;
  }
  mine->OwnerThread = owner;
  mine->OwnerReferenced = is_a_thread;
  const m_u32 how = (is_exclusive(resource) ? OwnedExclusively : OwnedShared) | OwnedWithoutWait;
  if (is_a_thread) note_owner(object_of(resource), thread_of(owner), how, pc);
}

ULONG times_acquired(PERESOURCE resource) {
  const OWNER_ENTRY* entry = find_owner(resource, (ERESOURCE_THREAD)current_thread());
  return entry ? entry->OwnerCount : 0;
}

void clear(PERESOURCE resource) {
  const LIST_ENTRY links = resource->SystemResourcesList;
  __builtin_memset(resource, 0, sizeof(*resource));
  resource->SystemResourcesList = links;
}

void initialize(PERESOURCE resource, const void* pc) {
  if (is_listed(resource)) {
    mach_violation("LockReinitialized", "executive resource initialised again before ExDeleteResourceLite (0xC4, 0xD0)",
                   object_of(resource), pc);
    mach_bug_check(0xC4, 0xD0, (m_u64)resource, 0, 0, pc);
  }
  mach_object_gone(resource); /* another one from now on */
  LIST_ENTRY* links = &resource->SystemResourcesList;
  links->Flink = &resources;
  links->Blink = resources.Blink;
  resources.Blink->Flink = links;
  resources.Blink = links;
  clear(resource);
}

void remove(PERESOURCE resource, const void* pc) {
  if (!is_listed(resource)) mach_bug_check(0xC4, 0xD1, (m_u64)resource, 0, 0, pc);
  require_unowned(resource, "executive resource deleted while it is owned", pc);
  LIST_ENTRY* links = &resource->SystemResourcesList;
  links->Blink->Flink = links->Flink;
  links->Flink->Blink = links->Blink;
  links->Flink = links->Blink = nullptr;
}

bool enter_and_acquire(PERESOURCE resource, Access access, const void* pc) {
  ++current_thread()->critical_regions;
  return acquire(resource, access, true, pc);
}

}  // namespace

void reset_resource() {
  resources.Flink = resources.Blink = &resources;
}

void note_resources_in(const void* memory, m_u64 size, const void* pc) {
  for (LIST_ENTRY* entry = resources.Flink; entry != &resources; entry = entry->Flink) {
    if (!is_inside(entry, memory, size)) continue;
    mach_event(EVENT_ObjectFreed, object_of(resource_at(entry)), FREED_Memory, FREED_Kept, pc);
    mach_bug_check(0xC4, 0xD2, (m_u64)entry, (m_u64)memory, size, pc);
  }
}

void note_resources_left(const void* pc) {
  for (LIST_ENTRY* entry = resources.Flink; entry != &resources; entry = entry->Flink)
    mach_event(EVENT_ObjectFreed, object_of(resource_at(entry)), FREED_Image, FREED_Kept, pc);
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource) {
  DDI_ENTER(ExInitializeResourceLite, Resource);
  nt::initialize(Resource, ddi.pc());
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource) {
  DDI_ENTER(ExReinitializeResourceLite, Resource);
  nt::require_resource(Resource, ddi.pc());
  nt::require_unowned(Resource, "executive resource initialised again while it is owned", ddi.pc());
  nt::clear(Resource);
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource) {
  DDI_ENTER(ExDeleteResourceLite, Resource);
  nt::remove(Resource, ddi.pc());
  return STATUS_SUCCESS;
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait) {
  DDI_ENTER(ExAcquireResourceExclusiveLite, Resource);
  return nt::acquire(Resource, nt::Access::exclusive, Wait, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE Resource) {
  DDI_ENTER(ExTryToAcquireResourceExclusiveLite, Resource);
  return nt::acquire(Resource, nt::Access::exclusive, false, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait) {
  DDI_ENTER(ExAcquireResourceSharedLite, Resource);
  return nt::acquire(Resource, nt::Access::shared, Wait, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  DDI_ENTER(ExAcquireSharedStarveExclusive, Resource);
  return nt::acquire(Resource, nt::Access::shared_starve_exclusive, Wait, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  DDI_ENTER(ExAcquireSharedWaitForExclusive, Resource);
  return nt::acquire(Resource, nt::Access::shared_wait_for_exclusive, Wait, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource) {
  DDI_ENTER(ExConvertExclusiveToSharedLite, Resource);
  nt::convert_to_shared(Resource, ddi.pc());
}

NTKERNELAPI VOID FASTCALL ExReleaseResourceLite(PERESOURCE Resource) {
  DDI_ENTER(ExReleaseResourceLite, Resource);
  nt::release(Resource, (ERESOURCE_THREAD)nt::current_thread(), ddi.pc());
}

NTKERNELAPI VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId) {
  DDI_ENTER(ExReleaseResourceForThreadLite, Resource);
  nt::release_for(Resource, ResourceThreadId, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer) {
  DDI_ENTER(ExSetResourceOwnerPointer, Resource);
  nt::set_owner_pointer(Resource, (ERESOURCE_THREAD)OwnerPointer, false, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG Flags) {
  DDI_ENTER(ExSetResourceOwnerPointerEx, Resource);
  const bool is_a_thread = Flags & FLAG_OWNER_POINTER_IS_THREAD;
  nt::set_owner_pointer(Resource, (ERESOURCE_THREAD)OwnerPointer, is_a_thread, ddi.pc());
}

NTKERNELAPI BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource) {
  DDI_ENTER(ExIsResourceAcquiredExclusiveLite, Resource);
  return nt::is_exclusive(Resource) && Resource->OwnerEntry.OwnerThread == (ERESOURCE_THREAD)nt::current_thread();
}

/* How often the caller has acquired it, in either mode. */
NTKERNELAPI ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource) {
  DDI_ENTER(ExIsResourceAcquiredSharedLite, Resource);
  return nt::times_acquired(Resource);
}

NTKERNELAPI ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource) {
  DDI_ENTER(ExGetExclusiveWaiterCount, Resource);
  return Resource->NumberOfExclusiveWaiters;
}

NTKERNELAPI ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource) {
  DDI_ENTER(ExGetSharedWaiterCount, Resource);
  return Resource->NumberOfSharedWaiters;
}

/* Owners' priorities are not boosted here in the first place. */
NTKERNELAPI VOID NTAPI ExDisableResourceBoostLite(PERESOURCE Resource) {
  DDI_ENTER(ExDisableResourceBoostLite, Resource);
}

/* These return the thread's win32k information, which threads without a window do not have. */
NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource) {
  DDI_ENTER(ExEnterCriticalRegionAndAcquireResourceExclusive, Resource);
  nt::enter_and_acquire(Resource, nt::Access::exclusive, ddi.pc());
  return nullptr;
}

NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource) {
  DDI_ENTER(ExEnterCriticalRegionAndAcquireResourceShared, Resource);
  nt::enter_and_acquire(Resource, nt::Access::shared, ddi.pc());
  return nullptr;
}

NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource) {
  DDI_ENTER(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive, Resource);
  nt::enter_and_acquire(Resource, nt::Access::shared_wait_for_exclusive, ddi.pc());
  return nullptr;
}

NTKERNELAPI VOID FASTCALL ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource) {
  DDI_ENTER(ExReleaseResourceAndLeaveCriticalRegion, Resource);
  nt::release(Resource, (ERESOURCE_THREAD)nt::current_thread(), ddi.pc());
  nt::leave_critical_region(ddi.pc());
}

}  // extern "C"
