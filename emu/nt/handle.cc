/* Handles. Slots are used in order and never twice in a run, so that a stale handle is recognised. */
#include "emu/nt/handle.h"

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
};

/* As on Windows, kernel handles are not in the lower half: no client can guess one. */
constexpr ULONG_PTR kKernelHandle = 0xFFFFFFFF80000000ull;
constexpr ULONG_PTR kLastClientEvent = 64;

Slot* slots;
ULONG_PTR last_handle;

Slot* find(HANDLE handle) {
  for (Slot* slot = slots; slot; slot = slot->next)
    if (slot->handle == handle && slot->object) return slot;
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
}

HANDLE handle_for(void* object, ObjectKind kind, void (*closed)(void*)) {
  Slot* slot = add((HANDLE)(last_handle += 4), object, kind);
  slot->closed = closed;
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

NTSTATUS close_handle(HANDLE handle) {
  Slot* slot = find(handle);
  if (!slot) return STATUS_INVALID_HANDLE;
  void* object = slot->object;
  slot->object = nullptr;
  if (slot->closed) slot->closed(object);
  dereference_object(object, nullptr);
  return STATUS_SUCCESS;
}

}  // namespace nt

extern "C" {

NTSYSAPI NTSTATUS NTAPI ZwClose(HANDLE Handle) {
  DDI_ENTER(ZwClose, nullptr);
  return nt::close_handle(Handle);
}

}  // extern "C"
