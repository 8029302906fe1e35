/* Object references by pointer and by handle, and events that have a handle or a name. */
#include "emu/nt/device.h"
#include "emu/nt/handle.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/text.h"
#include "emu/nt/thread.h"
#include "emu/nt/wait.h"

/* Exported, and in no header. */
extern "C" POBJECT_TYPE *IoDeviceObjectType, *IoDriverObjectType, *MmSectionObjectType;

namespace nt {
namespace {

/* An object whose only business is to be counted. */
struct Counted {
  Counted* next;
  void* object;
  LONG references;
  ObjectKind kind;
  void (*gone)(void*); /* called when the last reference was dropped, or null */
  WCHAR* name;         /* or null */
  USHORT length;       /* bytes */
};

Counted* counted;

Counted* find_counted(const void* object) {
  for (Counted* record = counted; record; record = record->next)
    if (record->object == object) return record;
  return nullptr;
}

Counted* add_counted(void* object, ObjectKind kind) {
  auto* record = (Counted*)mach_pool_alloc(sizeof(Counted), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  record->object = object;
  record->references = 1;
  record->kind = kind;
  record->next = counted;
  return counted = record;
}

void drop_counted(Counted* record) {
  if (--record->references > 0) return;
  Counted** at = &counted;
  while (*at != record) at = &(*at)->next;
  *at = record->next;
  if (record->gone) record->gone(record->object);
  mach_pool_free(record->object, 0, nullptr);
  mach_pool_free(record, 0, nullptr);
}

Counted* find_named(const UNICODE_STRING* name) {
  for (Counted* record = counted; record; record = record->next) {
    UNICODE_STRING known = {record->length, record->length, record->name};
    if (record->name && RtlEqualUnicodeString(&known, name, TRUE)) return record;
  }
  return nullptr;
}

/* The named event, made when there is none, with a reference for the handle. Without a name: a new one. Null: something else
 * has that name. */
PKEVENT named_event(const UNICODE_STRING* name, EVENT_TYPE type) {
  if (!name || name->Length == 0) return make_event(type, true);
  if (Counted* record = find_named(name)) {
    if (record->kind != ObjectKind::event) return nullptr;
    ++record->references;
    return (PKEVENT)record->object;
  }
  PKEVENT event = make_event(type, true);
  name_object(event, name);
  return event;
}

/* Events that every machine has. They stay. */
void make_memory_events() {
  const struct {
    const WCHAR* name;
    bool signaled;
  } known[] = {{L"\\KernelObjects\\HighMemoryCondition", true}, {L"\\KernelObjects\\LowMemoryCondition", false}};
  for (const auto& event : known) {
    const auto bytes = (USHORT)(text_length(event.name) * sizeof(WCHAR));
    const UNICODE_STRING name = {bytes, bytes, (PWSTR)event.name};
    if (!find_named(&name)) name_object(make_event(NotificationEvent, event.signaled), &name);
  }
}

NTSTATUS create_event(PHANDLE handle, POBJECT_ATTRIBUTES attributes, EVENT_TYPE type, bool signaled) {
  PUNICODE_STRING name = attributes ? attributes->ObjectName : nullptr;
  const ULONG flags = attributes ? attributes->Attributes : 0;
  Counted* record = name ? find_named(name) : nullptr;
  if (record && record->kind != ObjectKind::event) return STATUS_OBJECT_TYPE_MISMATCH;
  if (record && !(flags & OBJ_OPENIF)) return STATUS_OBJECT_NAME_COLLISION;
  if (record) ++record->references;
  PKEVENT event = record ? (PKEVENT)record->object : make_event(type, signaled);
  if (name && !record) name_object(event, name);
  *handle = handle_with_attributes(event, ObjectKind::event, flags);
  return record ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

NTSTATUS open_event(PHANDLE handle, POBJECT_ATTRIBUTES attributes) {
  if (!attributes || !attributes->ObjectName) return STATUS_OBJECT_PATH_SYNTAX_BAD;
  make_memory_events();
  Counted* record = find_named(attributes->ObjectName);
  if (!record) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (record->kind != ObjectKind::event) return STATUS_OBJECT_TYPE_MISMATCH;
  ++record->references;
  *handle = handle_with_attributes(record->object, ObjectKind::event, attributes->Attributes);
  return STATUS_SUCCESS;
}

PKEVENT create_named_event(PUNICODE_STRING name, EVENT_TYPE type, PHANDLE handle) {
  PKEVENT event = named_event(name, type);
  if (event) *handle = handle_for(event, ObjectKind::event);
  return event;
}

/* REFERENCE_BY_POINTER: what was passed is no object, or has no references left. */
[[noreturn]] void not_an_object(void* object, const void* pc) {
  mach_bug_check(0x18, 0, (m_u64)object, 0, 0, pc);
}

ObjectKind kind_of_type(POBJECT_TYPE type) {
  if (type == *PsThreadType) return ObjectKind::thread;
  if (type == *PsProcessType) return ObjectKind::process;
  if (type == *ExEventObjectType) return ObjectKind::event;
  if (type == *ExSemaphoreObjectType) return ObjectKind::semaphore;
  if (type == *IoFileObjectType) return ObjectKind::file;
  if (type == *IoDeviceObjectType) return ObjectKind::device;
  if (type == *IoDriverObjectType) return ObjectKind::driver;
  if (type == *CmKeyObjectType) return ObjectKind::key;
  if (type == *MmSectionObjectType) return ObjectKind::section;
  if (type == *SeTokenObjectType) return ObjectKind::token;
  return ObjectKind::other;
}

NTSTATUS reference_by_handle(HANDLE handle, POBJECT_TYPE type, KPROCESSOR_MODE mode, PVOID* object,
                             POBJECT_HANDLE_INFORMATION information, const void* pc) {
  *object = nullptr;
  ObjectKind kind = ObjectKind::none;
  void* found = object_from_handle(handle, mode, &kind);
  if (!found) return STATUS_INVALID_HANDLE;
  if (type && kind_of_type(type) != kind) return STATUS_OBJECT_TYPE_MISMATCH;
  reference_object(found, pc);
  if (information) *information = {0, GENERIC_ALL};
  *object = found;
  return STATUS_SUCCESS;
}

NTSTATUS reference_by_pointer(void* object, POBJECT_TYPE type, const void* pc) {
  if (type && kind_of_type(type) != object_kind(object)) return STATUS_OBJECT_TYPE_MISMATCH;
  reference_object(object, pc);
  return STATUS_SUCCESS;
}

/* The event behind a handle. */
NTSTATUS event_of(HANDLE handle, PKEVENT* event) {
  ObjectKind kind = ObjectKind::none;
  *event = (PKEVENT)object_from_handle(handle, KernelMode, &kind);
  if (!*event) return STATUS_INVALID_HANDLE;
  return kind == ObjectKind::event ? STATUS_SUCCESS : STATUS_OBJECT_TYPE_MISMATCH;
}

void* object_of_name(const UNICODE_STRING* name) {
  PDRIVER_OBJECT driver = driver_object();
  if (driver && RtlEqualUnicodeString(&driver->DriverName, name, TRUE)) return driver;
  if (Counted* record = find_named(name)) return record->object;
  return find_by_name(name);
}

/* What a wait on a handle waits for: of a file, the event that its last request signals. Null: nothing. */
DISPATCHER_HEADER* waitable(void* object, ObjectKind kind) {
  switch (kind) {
    case ObjectKind::thread:
    case ObjectKind::process:
    case ObjectKind::event:
    case ObjectKind::semaphore:
      return (DISPATCHER_HEADER*)object;
    case ObjectKind::file:
      return &((PFILE_OBJECT)object)->Event.Header;
    default:
      return nullptr;
  }
}

m_u8 type_markers[16];
POBJECT_TYPE type_at(m_u32 index) {
  return (POBJECT_TYPE)&type_markers[index];
}
POBJECT_TYPE types[16];

}  // namespace

void reset_object() {
  counted = nullptr;
  for (m_u32 i = 0; i < sizeof(types) / sizeof(types[0]); ++i) types[i] = type_at(i);
  PsThreadType = &types[0];
  PsProcessType = &types[1];
  ExEventObjectType = &types[2];
  ExSemaphoreObjectType = &types[3];
  IoFileObjectType = &types[4];
  IoDeviceObjectType = &types[5];
  IoDriverObjectType = &types[6];
  CmKeyObjectType = &types[7];
  MmSectionObjectType = &types[8];
  SeTokenObjectType = &types[9];
}

void* make_object(SIZE_T size, ObjectKind kind, void (*destroy)(void*)) {
  void* object = mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  add_counted(object, kind)->gone = destroy;
  return object;
}

void name_object(void* object, const UNICODE_STRING* name) {
  Counted* record = find_counted(object);
  record->length = name->Length;
  record->name = (WCHAR*)mach_pool_alloc(name->Length + sizeof(WCHAR), 0, MACH_POOL_KERNEL, nullptr);
  __builtin_memcpy(record->name, name->Buffer, name->Length);
}

void* find_named_object(const UNICODE_STRING* name, ObjectKind* kind) {
  Counted* record = find_named(name);
  if (!record) return nullptr;
  *kind = record->kind;
  return record->object;
}

void count_object(void* object, ObjectKind kind, void (*gone)(void*)) {
  add_counted(object, kind)->gone = gone;
}

PKEVENT make_event(EVENT_TYPE type, bool signaled) {
  auto* event = (PKEVENT)mach_pool_alloc(sizeof(KEVENT), 0, MACH_POOL_KERNEL, nullptr);
  init_event(event, type, signaled);
  add_counted(event, ObjectKind::event);
  return event;
}

ObjectKind object_kind(const void* object) {
  if (is_thread(object)) return ObjectKind::thread;
  if (is_process(object)) return ObjectKind::process;
  if (Counted* record = find_counted(object)) return record->kind;
  if (object == driver_object()) return ObjectKind::driver;
  if (find_device((PDEVICE_OBJECT)object)) return ObjectKind::device;
  if (!io_reference_object((void*)object)) return ObjectKind::none;
  io_dereference_object((void*)object);
  return ObjectKind::file;
}

static void note_device(void* object, m_u64 taken, const void* pc) {
  if (const m_u32 device = device_object((PDEVICE_OBJECT)object)) mach_event(EVENT_Reference, device, taken, 0, pc);
}

void reference_object(void* object, const void* pc) {
  if (Counted* record = find_counted(object)) {
    ++record->references;
    return;
  }
  if (is_thread(object)) return reference_thread((Thread*)object);
  /* Processes and driver objects live as long as the run. */
  if (is_process(object) || object == driver_object()) return;
  if (!io_reference_object(object)) not_an_object(object, pc);
  note_device(object, 1, pc);
}

void dereference_object(void* object, const void* pc) {
  if (Counted* record = find_counted(object)) return drop_counted(record);
  if (is_thread(object)) return dereference_thread((Thread*)object);
  if (is_process(object) || object == driver_object()) return;
  note_device(object, 0, pc); /* before it can be gone */
  if (!io_dereference_object(object)) not_an_object(object, pc);
}

}  // namespace nt

extern "C" {

POBJECT_TYPE* PsThreadType;
POBJECT_TYPE* PsProcessType;
POBJECT_TYPE* ExEventObjectType;
POBJECT_TYPE* ExSemaphoreObjectType;
POBJECT_TYPE* IoFileObjectType;
POBJECT_TYPE* IoDeviceObjectType;
POBJECT_TYPE* IoDriverObjectType;
POBJECT_TYPE* CmKeyObjectType;
POBJECT_TYPE* MmSectionObjectType;
POBJECT_TYPE* SeTokenObjectType;

NTKERNELAPI LONG_PTR FASTCALL ObfReferenceObject(PVOID Object) {
  DDI_ENTER(ObfReferenceObject, Object);
  nt::reference_object(Object, ddi.pc());
  return 1;
}

NTKERNELAPI LONG_PTR FASTCALL ObfDereferenceObject(PVOID Object) {
  DDI_ENTER(ObfDereferenceObject, Object);
  nt::dereference_object(Object, ddi.pc());
  return 1;
}

NTKERNELAPI LONG_PTR FASTCALL ObfReferenceObjectWithTag(PVOID Object, ULONG) {
  DDI_ENTER(ObfReferenceObjectWithTag, Object);
  nt::reference_object(Object, ddi.pc());
  return 1;
}

NTKERNELAPI LONG_PTR FASTCALL ObfDereferenceObjectWithTag(PVOID Object, ULONG) {
  DDI_ENTER(ObfDereferenceObjectWithTag, Object);
  nt::dereference_object(Object, ddi.pc());
  return 1;
}

NTKERNELAPI VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object) {
  DDI_ENTER(ObDereferenceObjectDeferDelete, Object);
  nt::dereference_object(Object, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                                      KPROCESSOR_MODE) {
  DDI_ENTER(ObReferenceObjectByPointer, Object);
  return nt::reference_by_pointer(Object, ObjectType, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE, ACCESS_MASK,
                                                 POBJECT_TYPE ObjectType, KPROCESSOR_MODE, PHANDLE Handle) {
  DDI_ENTER(ObOpenObjectByPointer, Object);
  const nt::ObjectKind kind = nt::object_kind(Object);
  if (kind == nt::ObjectKind::file) mach_not_emulated("ObOpenObjectByPointer of a file");
  const NTSTATUS status = nt::reference_by_pointer(Object, ObjectType, ddi.pc());
  if (NT_SUCCESS(status)) *Handle = nt::handle_with_attributes(Object, kind, HandleAttributes);
  return status;
}

/* Not documented, and used all the same: drivers, devices and events by name. */
NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG, PACCESS_STATE, ACCESS_MASK,
                                       POBJECT_TYPE ObjectType, KPROCESSOR_MODE, PVOID, PVOID* Object) {
  DDI_ENTER(ObReferenceObjectByName, nullptr);
  void* found = nt::object_of_name(ObjectName);
  if (!found) return STATUS_OBJECT_NAME_NOT_FOUND;
  const NTSTATUS status = nt::reference_by_pointer(found, ObjectType, ddi.pc());
  if (NT_SUCCESS(status)) *Object = found;
  return status;
}

NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                                     KPROCESSOR_MODE AccessMode, PVOID* Object,
                                                     POBJECT_HANDLE_INFORMATION HandleInformation) {
  DDI_ENTER(ObReferenceObjectByHandle, nullptr);
  return nt::reference_by_handle(Handle, ObjectType, AccessMode, Object, HandleInformation, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK, POBJECT_TYPE ObjectType,
                                                            KPROCESSOR_MODE AccessMode, ULONG, PVOID* Object,
                                                            POBJECT_HANDLE_INFORMATION HandleInformation) {
  DDI_ENTER(ObReferenceObjectByHandleWithTag, nullptr);
  return nt::reference_by_handle(Handle, ObjectType, AccessMode, Object, HandleInformation, ddi.pc());
}

NTKERNELAPI PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle) {
  DDI_ENTER(IoCreateNotificationEvent, nullptr);
  if (nt::out_of_resources()) return nullptr;
  return nt::create_named_event(EventName, NotificationEvent, EventHandle);
}

NTKERNELAPI PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle) {
  DDI_ENTER(IoCreateSynchronizationEvent, nullptr);
  if (nt::out_of_resources()) return nullptr;
  return nt::create_named_event(EventName, SynchronizationEvent, EventHandle);
}

NTSYSAPI NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes,
                                      EVENT_TYPE EventType, BOOLEAN InitialState) {
  DDI_ENTER(ZwCreateEvent, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::create_event(EventHandle, ObjectAttributes, EventType, InitialState);
}

NTSYSAPI NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes) {
  DDI_ENTER(ZwOpenEvent, nullptr);
  return nt::open_event(EventHandle, ObjectAttributes);
}

NTSYSAPI NTSTATUS NTAPI ZwPulseEvent(HANDLE EventHandle, PLONG PreviousState) {
  DDI_ENTER(ZwPulseEvent, nullptr);
  PKEVENT event;
  if (const NTSTATUS status = nt::event_of(EventHandle, &event); !NT_SUCCESS(status)) return status;
  const LONG previous = nt::set_event(event, ddi.pc());
  event->Header.SignalState = 0;
  if (PreviousState) *PreviousState = previous;
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState) {
  DDI_ENTER(ZwResetEvent, nullptr);
  PKEVENT event;
  if (const NTSTATUS status = nt::event_of(EventHandle, &event); !NT_SUCCESS(status)) return status;
  if (PreviousState) *PreviousState = event->Header.SignalState;
  event->Header.SignalState = 0;
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState) {
  DDI_ENTER(ZwSetEvent, nullptr);
  PKEVENT event;
  if (const NTSTATUS status = nt::event_of(EventHandle, &event); !NT_SUCCESS(status)) return status;
  const LONG previous = nt::set_event(event, ddi.pc());
  if (PreviousState) *PreviousState = previous;
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle) {
  DDI_ENTER(ZwClearEvent, nullptr);
  PKEVENT event;
  if (const NTSTATUS status = nt::event_of(EventHandle, &event); !NT_SUCCESS(status)) return status;
  event->Header.SignalState = 0;
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN, PLARGE_INTEGER Timeout) {
  DDI_ENTER(ZwWaitForSingleObject, nullptr);
  nt::ObjectKind kind = nt::ObjectKind::none;
  void* object = nt::object_from_handle(Handle, KernelMode, &kind);
  if (!object) return STATUS_INVALID_HANDLE;
  auto* header = nt::waitable(object, kind);
  if (!header) return STATUS_OBJECT_TYPE_MISMATCH;
  nt::reference_object(object, ddi.pc());
  const NTSTATUS status = nt::wait_one(header, nt::due_time(Timeout), nt::dispatcher_object(header), object, ddi.pc());
  nt::dereference_object(object, ddi.pc());
  return status;
}

}  // extern "C"
