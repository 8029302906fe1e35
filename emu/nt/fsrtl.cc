/* What drivers that are not file systems use of the file system run-time library. */
#include "emu/nt/pool.h"
#include "emu/nt/text.h"

namespace nt {
namespace {

/* Statuses with which a file system does not know what to do. */
bool is_expected(NTSTATUS status) {
  return status != STATUS_DATATYPE_MISALIGNMENT && status != STATUS_ACCESS_VIOLATION && status != STATUS_ILLEGAL_INSTRUCTION &&
         status != STATUS_INSTRUCTION_MISALIGNMENT;
}

bool is_wild(WCHAR c) {
  return c == L'*' || c == L'?' || c == L'<' || c == L'>' || c == L'"';
}

bool has_dot_behind(const WCHAR* name, ULONG length, ULONG from) {
  for (ULONG i = from; i < length; ++i)
    if (name[i] == L'.') return true;
  return false;
}

/* Do expression[e...] and name[n...] fit? DOS_STAR `<` takes all up to the last dot, DOS_QM `>` one character or, before a dot
 * or the end, none; DOS_DOT `"` a dot or the end. */
bool fits(const WCHAR* expression, ULONG e_length, const WCHAR* name, ULONG length, bool ignore_case) {
  ULONG e = 0, n = 0;
  for (; e < e_length; ++e) {
    const WCHAR c = expression[e];
    if (c == L'*' || c == L'<') {
      for (ULONG skip = n; skip <= length; ++skip) {
        if (c == L'<' && skip > n && name[skip - 1] == L'.' && !has_dot_behind(name, length, skip)) break;
        if (fits(expression + e + 1, e_length - e - 1, name + skip, length - skip, ignore_case)) return true;
      }
      return false;
    }
    if (c == L'>' && (n == length || name[n] == L'.')) continue;
    if (c == L'"' && n == length) continue;
    if (n == length) return false;
    const WCHAR have = name[n++];
    if (c == L'?' || c == L'>') continue;
    if (c == L'"' ? have != L'.' : !(c == have || (ignore_case && upcase(c) == upcase(have)))) return false;
  }
  return n == length;
}

}  // namespace
}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI FsRtlNormalizeNtstatus(NTSTATUS Exception, NTSTATUS GenericException) {
  DDI_ENTER(FsRtlNormalizeNtstatus, nullptr);
  return nt::is_expected(Exception) ? Exception : GenericException;
}

NTKERNELAPI BOOLEAN NTAPI FsRtlIsNtstatusExpected(NTSTATUS Exception) {
  DDI_ENTER(FsRtlIsNtstatusExpected, nullptr);
  return nt::is_expected(Exception);
}

NTKERNELAPI BOOLEAN NTAPI FsRtlDoesNameContainWildCards(PUNICODE_STRING Name) {
  DDI_ENTER(FsRtlDoesNameContainWildCards, nullptr);
  for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); ++i)
    if (nt::is_wild(Name->Buffer[i])) return TRUE;
  return FALSE;
}

NTKERNELAPI BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name, BOOLEAN IgnoreCase,
                                                  PWCHAR UpcaseTable) {
  DDI_ENTER(FsRtlIsNameInExpression, nullptr);
  if (UpcaseTable) mach_not_emulated("FsRtlIsNameInExpression with a table of its own");
  return nt::fits(Expression->Buffer, Expression->Length / sizeof(WCHAR), Name->Buffer, Name->Length / sizeof(WCHAR),
                  IgnoreCase);
}

/* Raises STATUS_INSUFFICIENT_RESOURCES instead of returning null. */
NTKERNELAPI PVOID NTAPI FsRtlAllocatePoolWithTag(POOL_TYPE PoolType, ULONG NumberOfBytes, ULONG Tag) {
  DDI_ENTER(FsRtlAllocatePoolWithTag, nullptr);
  return nt::pool_allocate(PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE, NumberOfBytes, Tag, ddi.pc());
}

}  // extern "C"
