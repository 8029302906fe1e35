/* The handle table: one for the kernel's handles, and the client's handles of events it is assumed to have made. */
#ifndef WDMFUZZ_EMU_NT_HANDLE_H
#define WDMFUZZ_EMU_NT_HANDLE_H

#include "emu/nt/nt.h"

namespace nt {

enum class ObjectKind : m_u8 { none, thread, process, event, semaphore, file, device, driver, other, key, section, token };

/* Makes a handle that owns one reference on `object` (the caller's). `closed`, if any, is called by ZwClose before the
 * reference is dropped. */
HANDLE handle_for(void* object, ObjectKind kind, void (*closed)(void*) = nullptr);
/* The same for a routine with object attributes: without OBJ_KERNEL_HANDLE the handle is one of the current process, good in
 * its context only. */
HANDLE handle_with_attributes(void* object, ObjectKind kind, ULONG attributes, void (*closed)(void*) = nullptr);
/* The object behind a handle, or null; `*kind` says what it is. No reference is taken. A handle that names no object
 * but could be one of the client's events (user mode, 4...64 in steps of 4) makes that event: a client may pass any
 * event it likes, and the scenario's bytes choose which. */
void* object_from_handle(HANDLE handle, KPROCESSOR_MODE mode, ObjectKind* kind);
/* ZwClose. Yields when an object goes that has work to do. */
NTSTATUS close_handle(HANDLE handle);
/* What the end of the client's process does. Yields. */
void close_client_handles();

/* ObReferenceObject, ObDereferenceObject, for any object of the kernel. */
void reference_object(void* object, const void* pc);
void dereference_object(void* object, const void* pc);
/* What kind of object lives at this address. */
ObjectKind object_kind(const void* object);

/* An event object with one reference, for a handle. */
PKEVENT make_event(EVENT_TYPE type, bool signaled);
/* A zeroed object with one reference. `destroy`, if any, is called before its memory goes. */
void* make_object(SIZE_T size, ObjectKind kind, void (*destroy)(void*));
/* Objects by name (\BaseNamedObjects\..., \KernelObjects\...); the name goes with the object. Null when there is none. */
void name_object(void* object, const UNICODE_STRING* name);
void* find_named_object(const UNICODE_STRING* name, ObjectKind* kind);

}  // namespace nt

#endif
