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
  bool synchronous; /* one request at a time, and the caller waits for it */
  bool busy;
  m_u64 waiting; /* threads that want to be next, by bit */
};

/* Makes a file object for `device` and sends IRP_MJ_CREATE. `*file` is null when the request could not be sent.
 * Requires: PASSIVE_LEVEL. Yields. */
NTSTATUS file_open(PDEVICE_OBJECT device, m_u16 handle, bool kernel_mode, m_u32 op, bool cancelled, File** file,
                   bool synchronous = false);
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
/* Sends it to the top of `device`'s stack. The record outlives the IRP. Yields. */
NTSTATUS send_request(PDEVICE_OBJECT device, IrpRecord* record);

}  // namespace nt

#endif
