/* File objects: what a handle leads to, and when its cleanup and close requests are sent. */
#ifndef WDMFUZZ_EMU_NT_FILE_H
#define WDMFUZZ_EMU_NT_FILE_H

#include "emu/nt/irp.h"

namespace nt {

enum class FileState : m_u8 {
  opening, /* IRP_MJ_CREATE is under way */
  open,
  cleaning, /* the handle is closed, IRP_MJ_CLEANUP is under way or done */
  closing,  /* the last reference went, IRP_MJ_CLOSE is under way */
  gone,
};

struct File {
  File* next;
  PFILE_OBJECT object;
  PDEVICE_OBJECT device; /* the device that was opened; requests go to the top of its stack */
  m_u16 handle;          /* scenario's number; 0 for a kernel client's */
  bool kernel_mode;
  FileState state;
  LONG references; /* one for the handle, one for each IRP, one for each pointer reference */
  bool has_handle; /* of the handle table: it is closed with that */
  NTSTATUS created; /* how the create request ended */
  ULONG_PTR information;
  UNICODE_STRING reparse_name; /* after STATUS_REPARSE: where to go on */
  bool busy; /* of a synchronous file: one request at a time */
  m_u64 waiting; /* threads that want to be next, by bit */
};

/* How a file is opened: the parameters of IoCreateFile, and what is left of its name behind the device's. */
struct FileOpen {
  UNICODE_STRING name;
  m_u8 major; /* IRP_MJ_CREATE, or that of a named pipe or mailslot, then with its parameters */
  void* parameters;
  ULONG access, attributes, share, disposition, options;
  bool case_insensitive;
  LONGLONG allocation;
  const void* ea;
  ULONG ea_bytes;
  PFILE_OBJECT related; /* or null */
};
/* Read and write access for everybody, nothing else. */
FileOpen plain_open();
/* The same as file_open with parameters. */
NTSTATUS file_open_as(PDEVICE_OBJECT device, const FileOpen& how, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled,
                      File** file);
/* Waits for the create request, too, and returns how it ended; `*file` is null when it failed, unless it ended with
 * STATUS_REPARSE, when it is gone but has its reparse_name. Requires: PASSIVE_LEVEL. Yields. */
NTSTATUS file_open_and_wait(PDEVICE_OBJECT device, const FileOpen& how, bool kernel_mode, File** file);
/* What a file object belongs to, unless it is gone. */
File* file_of_object(PFILE_OBJECT object);

/* Makes a file object for `device` and sends IRP_MJ_CREATE. `*file` is null when the request could not be sent.
 * Requires: PASSIVE_LEVEL. Yields. */
NTSTATUS file_open(PDEVICE_OBJECT device, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled, File** file);
/* A synchronous file takes one request at a time, in any order. Yields. */
void file_lock(File* file);
void file_unlock(File* file);
/* Closes the handle: sends IRP_MJ_CLEANUP, then drops the handle's reference. Requires: PASSIVE_LEVEL. Yields. */
void file_close_handle(File* file);
/* The open file of a handle, or null. */
File* file_of_handle(m_u16 handle);
File* first_file();
/* Any IRQL up to DISPATCH_LEVEL: with the last reference IRP_MJ_CLOSE is sent, by a worker thread when need be. */
void file_drop_irp(File* file);
/* The same at the end of a system call, at PASSIVE_LEVEL: the close request is sent before this returns. Yields. */
void file_drop_call(File* file);
/* Pointer references; false when `object` is no file object. */
bool file_reference(PFILE_OBJECT object);
bool file_dereference(PFILE_OBJECT object);

/* An IRP of the I/O manager for the top of `device`'s stack, its next location filled with `major`. With `file`, it
 * holds a reference on it. Emits IrpCreate. */
IrpRecord* make_request(PDEVICE_OBJECT device, File* file, m_u8 major, m_u8 minor, m_u32 op, bool kernel_mode);
/* Bytes that a query (or `set`) of this FILE_INFORMATION_CLASS needs at least; 0: it cannot be asked for. */
ULONG information_bytes(ULONG information_class, bool set);
/* Sends it to the top of `device`'s stack. The record outlives the IRP. Yields. */
NTSTATUS send_request(PDEVICE_OBJECT device, IrpRecord* record);

}  // namespace nt

#endif
