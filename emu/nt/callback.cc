/* Callback objects: routines that a driver registers with a named object, and that whoever notifies it makes run.
 * The system's own (\\Callback\\PowerState, ...) exist; the events that they stand for do not happen here. */
#include "emu/nt/handle.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/wait.h"

/* Opaque to drivers. */
struct _CALLBACK_OBJECT {
  PCALLBACK_OBJECT next;
  UNICODE_STRING name;
  bool permanent;
  bool allows_many;
  void* registrations; /* the oldest */
};

namespace nt {
namespace {

struct Registration {
  Registration* next;
  PCALLBACK_OBJECT object;
  PCALLBACK_FUNCTION function;
  PVOID context;
  LONG busy; /* calls under way */
  bool removing;
  KEVENT idle;
};

PCALLBACK_OBJECT objects;

PCALLBACK_OBJECT find(const UNICODE_STRING* name, bool case_insensitive) {
  for (PCALLBACK_OBJECT object = objects; object; object = object->next)
    if (RtlEqualUnicodeString(&object->name, name, case_insensitive)) return object;
  return nullptr;
}

/* The last reference is gone. A permanent object stays for who opens it next. */
void gone(void* pointer) {
  auto* object = (PCALLBACK_OBJECT)pointer;
  if (object->permanent) return;
  PCALLBACK_OBJECT* at = &objects;
  while (*at != object) at = &(*at)->next;
  *at = object->next;
}

void* kernel_memory(m_u64 size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

PCALLBACK_OBJECT make(const UNICODE_STRING* name, bool permanent, bool allows_many) {
  auto* object = (PCALLBACK_OBJECT)kernel_memory(sizeof(_CALLBACK_OBJECT));
  object->permanent = permanent;
  object->allows_many = allows_many;
  object->name = {name->Length, name->Length, (PWSTR)kernel_memory(name->Length)};
  __builtin_memcpy(object->name.Buffer, name->Buffer, name->Length);
  object->next = objects;
  return objects = object;
}

bool is_of_the_system(const UNICODE_STRING* name) {
  static const WCHAR* const kNames[] = {L"\\Callback\\SetSystemTime", L"\\Callback\\PowerState",
                                        L"\\Callback\\ProcessorAdd"};
  for (const WCHAR* known : kNames) {
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, known);
    if (RtlEqualUnicodeString(&string, name, TRUE)) return true;
  }
  return false;
}

NTSTATUS create(PCALLBACK_OBJECT* result, POBJECT_ATTRIBUTES attributes, bool create, bool allows_many, const void* pc) {
  *result = nullptr;
  const UNICODE_STRING* name = attributes ? attributes->ObjectName : nullptr;
  if (!name || !name->Length) return STATUS_UNSUCCESSFUL; /* there are none without a name */
  const ULONG flags = attributes->Attributes;
  PCALLBACK_OBJECT object = find(name, flags & OBJ_CASE_INSENSITIVE);
  if (object) {
    if (object_kind(object) == ObjectKind::none)
      count_object(object, ObjectKind::other, gone); /* a permanent one that nobody held */
    else
      reference_object(object, pc);
  } else {
    const bool systems = is_of_the_system(name);
    if (!create && !systems) return STATUS_OBJECT_NAME_NOT_FOUND;
    object = make(name, systems || (flags & OBJ_PERMANENT), systems || allows_many);
    count_object(object, ObjectKind::other, gone);
  }
  *result = object;
  return STATUS_SUCCESS;
}

Registration* register_function(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function, PVOID context, const void* pc) {
  if (!object->allows_many && object->registrations) return nullptr;
  auto* registration = (Registration*)mach_pool_alloc(sizeof(Registration), 'bCxE', MACH_POOL_ZERO, pc);
  if (!registration) return nullptr;
  reference_object(object, pc);
  registration->object = object;
  registration->function = function;
  registration->context = context;
  auto** end = (Registration**)&object->registrations;
  while (*end) end = &(*end)->next;
  return *end = registration;
}

void unregister(Registration* registration, const void* pc) {
  PCALLBACK_OBJECT object = registration->object;
  registration->removing = true;
  if (registration->busy > 0) {
    init_event(&registration->idle, NotificationEvent, false);
    wait_one(&registration->idle.Header, 0, mach_object(OBJECT_Callback, object), object, pc);
  }
  auto** at = (Registration**)&object->registrations;
  while (*at != registration) at = &(*at)->next;
  *at = registration->next;
  mach_pool_free(registration, 'bCxE', pc);
  dereference_object(object, pc);
}

/* In the order in which they were registered. */
void notify(PCALLBACK_OBJECT object, PVOID argument1, PVOID argument2) {
  for (auto* registration = (Registration*)object->registrations; registration;) {
    if (!registration->removing) {
      ++registration->busy;
      mach_enter(CALLBACK_Other, (const void*)registration->function, 0, 0);
      registration->function(registration->context, argument1, argument2);
      mach_leave(CALLBACK_Other, 0, 0);
      --registration->busy;
    }
    Registration* next = registration->next;
    if (registration->removing && registration->busy == 0) set_event(&registration->idle);
    registration = next;
  }
}

}  // namespace

void reset_callback() {
  objects = nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT* CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes,
                                            BOOLEAN Create, BOOLEAN AllowMultipleCallbacks) {
  DDI_ENTER(ExCreateCallback, nullptr);
  return nt::create(CallbackObject, ObjectAttributes, Create, AllowMultipleCallbacks, ddi.pc());
}

NTKERNELAPI PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                                           PVOID CallbackContext) {
  DDI_ENTER(ExRegisterCallback, CallbackObject);
  return nt::register_function(CallbackObject, CallbackFunction, CallbackContext, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExUnregisterCallback(PVOID CbRegistration) {
  DDI_ENTER(ExUnregisterCallback, CbRegistration);
  nt::unregister((nt::Registration*)CbRegistration, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExNotifyCallback(PCALLBACK_OBJECT CallbackObject, PVOID Argument1, PVOID Argument2) {
  DDI_ENTER(ExNotifyCallback, CallbackObject);
  nt::notify(CallbackObject, Argument1, Argument2);
}

}  // extern "C"
