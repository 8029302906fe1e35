/* Device objects, their names and stacks, and the driver object they belong to. */
#ifndef WDMFUZZ_EMU_NT_DEVICE_H
#define WDMFUZZ_EMU_NT_DEVICE_H

#include "emu/nt/nt.h"

namespace nt {

struct DeviceRecord {
  DeviceRecord* next; /* in order of creation */
  PDEVICE_OBJECT device;
  PDEVICE_OBJECT lower;    /* device it is attached to, or null */
  m_u32 object;            /* number in the trace */
  LONG pointer_references; /* ObReferenceObject and its like; opens are counted in DEVICE_OBJECT.ReferenceCount */
  bool named;
  bool auto_named; /* \Device\0000001a: a name that nobody looks for while there is another way */
  bool has_interface; /* an enabled device interface leads to it */
  bool deleting;      /* IoDeleteDevice was called */
  bool removing;      /* its stack gets IRP_MN_REMOVE_DEVICE: nobody opens it any more */
  bool gone;          /* its memory is free */
  bool shutdown_registered;
  bool deferred_start_io; /* IoSetStartIoAttributes */
  bool non_cancelable;
  m_u8 start_io_active;    /* deferred StartIo: nested calls */
  bool start_io_requested; /* IoStartNextPacket came while StartIo ran */
  bool start_io_with_key;
  bool start_io_cancelable;
  ULONG start_io_key;
};

/* Makes a device object with its extension, all zero, and puts it first on the driver's list. */
NTSTATUS create_device(PDRIVER_OBJECT driver, ULONG extension_bytes, const UNICODE_STRING* name, DEVICE_TYPE type,
                       ULONG characteristics, bool exclusive, PDEVICE_OBJECT* device);
/* What IoDeleteDevice does; the memory goes with the last reference. */
void delete_device(PDEVICE_OBJECT device);
/* The record of a device, living or gone; null for an address that never was one. */
DeviceRecord* find_device(PDEVICE_OBJECT device);
DeviceRecord* first_device();
m_u32 device_object(PDEVICE_OBJECT device);
/* Frees the device when it is being deleted and nothing refers to it any more. */
void release_device_if_unused(DeviceRecord* record);

/* Puts `upper` on top of the stack that `target` is in and returns the device below it; null when that cannot be. */
PDEVICE_OBJECT attach_device(PDEVICE_OBJECT upper, PDEVICE_OBJECT target);
/* Top of the stack that `device` is in. */
PDEVICE_OBJECT top_of_stack(PDEVICE_OBJECT device);

/* Pointer references on a device or file object. False when `object` is neither or is gone, or when there is no such
 * reference to drop. */
bool io_reference_object(void* object);
bool io_dereference_object(void* object);

/* --- names -------------------------------------------------------------------------------------------------------- */

/* Adds a name of a device, or with `target` a symbolic link. STATUS_OBJECT_NAME_COLLISION when it exists. */
NTSTATUS add_name(const UNICODE_STRING* name, PDEVICE_OBJECT device, const UNICODE_STRING* target);
NTSTATUS remove_link(const UNICODE_STRING* name);
/* The same for a name that leads to a device. */
void remove_device_name(const UNICODE_STRING* name);
void remove_names_of(PDEVICE_OBJECT device);
/* The name that a device object was made with, good until the next call; null when it has none. */
const UNICODE_STRING* name_of_device(PDEVICE_OBJECT device);
/* The device a name leads to, through symbolic links; null when there is none. */
PDEVICE_OBJECT find_by_name(const UNICODE_STRING* name);
/* The device that a path begins with; `*rest` is what follows its name, with its backslash. */
PDEVICE_OBJECT find_by_path(const UNICODE_STRING* path, UNICODE_STRING* rest);
/* The volume behind C: (memory_file.cc), made when it is needed. */
void make_memory_volume();
NTSTATUS NTAPI memory_file_dispatch(PDEVICE_OBJECT device, PIRP irp);

/* --- share access -------------------------------------------------------------------------------------------------- */

/* What IoCheckShareAccess, IoSetShareAccess and IoRemoveShareAccess do. */
NTSTATUS check_share_access(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS known, bool update);
void set_share_access(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS known);
void remove_share_access(PFILE_OBJECT file, PSHARE_ACCESS known);

/* --- driver objects ----------------------------------------------------------------------------------------------- */

/* Default dispatch routine: completes with STATUS_INVALID_DEVICE_REQUEST. */
NTSTATUS NTAPI invalid_device_request(PDEVICE_OBJECT device, PIRP irp);
/* Dispatch routines of the kernel's own, which are not bracketed as driver code. */
bool is_kernel_dispatch(PDRIVER_DISPATCH routine);
/* The loaded driver, or null. */
PDRIVER_OBJECT driver_object();
/* A driver object whose dispatch routines are all invalid_device_request; `name` without \Driver\. */
PDRIVER_OBJECT make_driver_object(const char* name);
/* Calls what IoRegisterDriverReinitialization registered, until there is nothing more. Yields. */
void call_reinitialize_routines();
/* The bus driver's dispatch routine (bus.cc). */
NTSTATUS NTAPI bus_dispatch(PDEVICE_OBJECT device, PIRP irp);
/* Device `index` that user mode can open, or null. */
PDEVICE_OBJECT openable_device(m_u32 index);

}  // namespace nt

#endif
