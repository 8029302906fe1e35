/* Share access: who may open a file while others have it open. */
#include "emu/nt/device.h"

namespace nt {
namespace {

struct Wish {
  bool read, write, remove;
  bool share_read, share_write, share_remove;
};

Wish wish_of(ACCESS_MASK access, ULONG share) {
  return {(access & (FILE_EXECUTE | FILE_READ_DATA)) != 0, (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0,
          (access & DELETE) != 0,          (share & FILE_SHARE_READ) != 0,
          (share & FILE_SHARE_WRITE) != 0, (share & FILE_SHARE_DELETE) != 0};
}

void note(PFILE_OBJECT file, const Wish& wish) {
  file->ReadAccess = wish.read;
  file->WriteAccess = wish.write;
  file->DeleteAccess = wish.remove;
  const bool any = wish.read || wish.write || wish.remove;
  file->SharedRead = any && wish.share_read;
  file->SharedWrite = any && wish.share_write;
  file->SharedDelete = any && wish.share_remove;
}

bool counts(PFILE_OBJECT file) {
  return file->ReadAccess || file->WriteAccess || file->DeleteAccess;
}

void add(PFILE_OBJECT file, PSHARE_ACCESS known, int sign) {
  if (!counts(file)) return;
  known->OpenCount += sign;
  known->Readers += sign * file->ReadAccess;
  known->Writers += sign * file->WriteAccess;
  known->Deleters += sign * file->DeleteAccess;
  known->SharedRead += sign * file->SharedRead;
  known->SharedWrite += sign * file->SharedWrite;
  known->SharedDelete += sign * file->SharedDelete;
}

/* Somebody does not share what is wanted, or has what is not shared. */
bool conflicts(const Wish& wish, const SHARE_ACCESS* known) {
  if (!wish.read && !wish.write && !wish.remove) return false;
  return (wish.read && known->SharedRead < known->OpenCount) || (wish.write && known->SharedWrite < known->OpenCount) ||
         (wish.remove && known->SharedDelete < known->OpenCount) || (known->Readers && !wish.share_read) ||
         (known->Writers && !wish.share_write) || (known->Deleters && !wish.share_remove);
}

}  // namespace

NTSTATUS check_share_access(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS known, bool update) {
  const Wish wish = wish_of(access, share);
  note(file, wish);
  if (conflicts(wish, known)) return STATUS_SHARING_VIOLATION;
  if (update) add(file, known, 1);
  return STATUS_SUCCESS;
}

void set_share_access(ACCESS_MASK access, ULONG share, PFILE_OBJECT file, PSHARE_ACCESS known) {
  *known = {};
  note(file, wish_of(access, share));
  add(file, known, 1);
}

void remove_share_access(PFILE_OBJECT file, PSHARE_ACCESS known) {
  add(file, known, -1);
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                              PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess, BOOLEAN Update) {
  DDI_ENTER(IoCheckShareAccess, FileObject);
  return nt::check_share_access(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess, Update);
}

NTKERNELAPI VOID NTAPI IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                                        PSHARE_ACCESS ShareAccess) {
  DDI_ENTER(IoSetShareAccess, FileObject);
  nt::set_share_access(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess);
}

NTKERNELAPI VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
  DDI_ENTER(IoUpdateShareAccess, FileObject);
  nt::add(FileObject, ShareAccess, 1);
}

NTKERNELAPI VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
  DDI_ENTER(IoRemoveShareAccess, FileObject);
  nt::remove_share_access(FileObject, ShareAccess);
}

}  // extern "C"
