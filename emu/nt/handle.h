/* The handle table: one for the kernel's handles, and the client's handles of events it is assumed to have made. */
#ifndef WDMFUZZ_EMU_NT_HANDLE_H
#define WDMFUZZ_EMU_NT_HANDLE_H

#include "emu/nt/nt.h"

namespace nt {

enum class ObjectKind : m_u8 { none, thread, process, event, semaphore, file, device, driver, other };

/* Makes a handle that owns one reference on `object` (the caller's). `closed`, if any, is called by ZwClose before the
 * reference is dropped. */
HANDLE handle_for(void* object, ObjectKind kind, void (*closed)(void*) = nullptr);
/* The object behind a handle, or null; `*kind` says what it is. No reference is taken. A handle that names no object
 * but could be one of the client's events (user mode, 4...64 in steps of 4) makes that event: a client may pass any
 * event it likes, and the scenario's bytes choose which. */
void* object_from_handle(HANDLE handle, KPROCESSOR_MODE mode, ObjectKind* kind);
/* ZwClose. Yields when an object goes that has work to do. */
NTSTATUS close_handle(HANDLE handle);

/* ObReferenceObject, ObDereferenceObject, for any object of the kernel. */
void reference_object(void* object, const void* pc);
void dereference_object(void* object, const void* pc);
/* Counts references on `object`, which has one from now on; `gone` is called when the last one was dropped. */
void count_object(void* object, ObjectKind kind, void (*gone)(void*));
/* What kind of object lives at this address. */
ObjectKind object_kind(const void* object);

/* An event object with one reference, for a handle. */
PKEVENT make_event(EVENT_TYPE type, bool signaled);

}  // namespace nt

#endif
