/* What fits nowhere else. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

/* Windows 10, version 2004. */
constexpr ULONG kMajorVersion = 10;
constexpr ULONG kBuildNumber = 19041;

}  // namespace
}  // namespace nt

extern "C" {

/* PAGED_CODE() */
VOID NTAPI wdm_paged_code(VOID) {
  DDI_ENTER(wdm_paged_code, nullptr);
  if (mach_irql() > APC_LEVEL) mach_violation("PagedCode", "PAGED_CODE above APC_LEVEL", 0, ddi.pc());
}

/* Virtual time stands still meanwhile: only others may run. */
NTKERNELAPI VOID NTAPI KeStallExecutionProcessor(ULONG) {
  DDI_ENTER(KeStallExecutionProcessor, nullptr);
}

void YieldProcessor(void) {
  DDI_ENTER(YieldProcessor, nullptr);
}

/* One processor at a time runs, each sees what the others did. */
void KeMemoryBarrier(void) {
  DDI_ENTER(KeMemoryBarrier, nullptr);
}

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation) {
  DDI_ENTER(RtlGetVersion, nullptr);
  lpVersionInformation->dwMajorVersion = nt::kMajorVersion;
  lpVersionInformation->dwMinorVersion = 0;
  lpVersionInformation->dwBuildNumber = nt::kBuildNumber;
  lpVersionInformation->dwPlatformId = 2; /* VER_PLATFORM_WIN32_NT */
  lpVersionInformation->szCSDVersion[0] = 0;
  return STATUS_SUCCESS;
}

NTKERNELAPI BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                                       PUNICODE_STRING CSDVersion) {
  DDI_ENTER(PsGetVersion, nullptr);
  if (MajorVersion) *MajorVersion = nt::kMajorVersion;
  if (MinorVersion) *MinorVersion = 0;
  if (BuildNumber) *BuildNumber = nt::kBuildNumber;
  if (CSDVersion) CSDVersion->Length = 0;
  return FALSE;
}

}  // extern "C"
