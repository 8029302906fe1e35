/* Handles. Slots are used in order and never twice in a run, so that a stale handle is recognised. */
#include "emu/nt/handle.h"

#include "emu/nt/file.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/thread.h"

namespace nt {
namespace {

struct Slot {
  Slot* next;
  HANDLE handle;
  void* object; /* null: closed */
  ObjectKind kind;
  void (*closed)(void*);
  Process* process; /* whose context it is good in; null: any, a kernel handle */
};

/* As on Windows, kernel handles are not in the lower half: no client can guess one. */
constexpr ULONG_PTR kKernelHandle = 0xFFFFFFFF80000000ull;
constexpr ULONG_PTR kLastClientEvent = 64;
constexpr ULONG_PTR kProcessHandle = 0x1000;

Slot* slots;
ULONG_PTR last_handle;
ULONG_PTR last_process_handle;

Slot* find(HANDLE handle) {
  for (Slot* slot = slots; slot; slot = slot->next)
    if (slot->handle == handle && slot->object && (!slot->process || slot->process == current_thread()->process)) return slot;
  return nullptr;
}

Slot* add(HANDLE handle, void* object, ObjectKind kind) {
  auto* slot = (Slot*)mach_pool_alloc(sizeof(Slot), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  slot->handle = handle;
  slot->object = object;
  slot->kind = kind;
  slot->next = slots;
  return slots = slot;
}

bool may_be_client_event(HANDLE handle, KPROCESSOR_MODE mode) {
  const auto value = (ULONG_PTR)handle;
  return mode == UserMode && value != 0 && value % 4 == 0 && value <= kLastClientEvent;
}

}  // namespace

void reset_handle() {
  slots = nullptr;
  last_handle = kKernelHandle;
  last_process_handle = kProcessHandle;
}

HANDLE handle_for(void* object, ObjectKind kind, void (*closed)(void*)) {
  Slot* slot = add((HANDLE)(last_handle += 4), object, kind);
  slot->closed = closed;
  return slot->handle;
}

HANDLE handle_with_attributes(void* object, ObjectKind kind, ULONG attributes, void (*closed)(void*)) {
  if (attributes & OBJ_KERNEL_HANDLE) return handle_for(object, kind, closed);
  Slot* slot = add((HANDLE)(last_process_handle += 4), object, kind);
  slot->closed = closed;
  slot->process = current_thread()->process;
  return slot->handle;
}

void* object_from_handle(HANDLE handle, KPROCESSOR_MODE mode, ObjectKind* kind) {
  if (handle == NtCurrentThread()) return *kind = ObjectKind::thread, current_thread();
  if (handle == NtCurrentProcess()) return *kind = ObjectKind::process, current_thread()->process;
  if (mode == UserMode && (ULONG_PTR)handle > kKernelHandle) return nullptr;
  Slot* slot = find(handle);
  if (!slot && may_be_client_event(handle, mode))
    slot = add(handle, make_event(NotificationEvent, false), ObjectKind::event);
  if (!slot) return nullptr;
  *kind = slot->kind;
  return slot->object;
}

/* The handle's reference is dropped with the cleanup request. */
static void close_file(void* object) {
  File* file = file_of_object((PFILE_OBJECT)object);
  if (file && file->state == FileState::open) file_close_handle(file);
}

static void close(Slot* slot) {
  void* object = slot->object;
  slot->object = nullptr;
  if (slot->kind == ObjectKind::file) return close_file(object);
  if (slot->closed) slot->closed(object);
  dereference_object(object, nullptr);
}

NTSTATUS close_handle(HANDLE handle) {
  if (handle == NtCurrentProcess() || handle == NtCurrentThread()) return STATUS_SUCCESS;
  Slot* slot = find(handle);
  if (!slot) return STATUS_INVALID_HANDLE;
  close(slot);
  return STATUS_SUCCESS;
}

void close_client_handles() {
  for (Slot* slot = slots; slot; slot = slot->next)
    if (slot->object && slot->process == client_process()) close(slot);
}

}  // namespace nt

extern "C" {

NTSYSAPI NTSTATUS NTAPI ZwClose(HANDLE Handle) {
  DDI_ENTER(ZwClose, nullptr);
  return nt::close_handle(Handle);
}

NTSYSCALLAPI NTSTATUS NTAPI NtClose(HANDLE Handle) {
  DDI_ENTER(NtClose, nullptr);
  const bool user = mach_thread_kind(mach_thread()) == MACH_THREAD_USER;
  nt::ObjectKind kind;
  if (user && !nt::object_from_handle(Handle, UserMode, &kind)) return STATUS_INVALID_HANDLE;
  return nt::close_handle(Handle);
}

}  // extern "C"
