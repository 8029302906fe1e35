/* Security descriptors of objects: there are none. Who may open a device is not modelled: everybody may, for reading and
 * writing. */
#include "emu/nt/nt.h"

extern "C" {

/* Security descriptors in SDDL, as the device driver kit's library has them. */
#define SDDL(name, text)            \
  extern const UNICODE_STRING name; \
  const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWSTR)text}
SDDL(SDDL_DEVOBJ_KERNEL_ONLY, L"D:P");
SDDL(SDDL_DEVOBJ_SYS_ALL, L"D:P(A;;GA;;;SY)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RX, L"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");
#undef SDDL

NTSTATUS WdmlibIoValidateDeviceIoControlAccess(PIRP Irp, ULONG) {
  DDI_ENTER(WdmlibIoValidateDeviceIoControlAccess, Irp);
  return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI ObGetObjectSecurity(PVOID Object, PSECURITY_DESCRIPTOR* SecurityDescriptor, PBOOLEAN MemoryAllocated) {
  DDI_ENTER(ObGetObjectSecurity, Object);
  *SecurityDescriptor = nullptr;
  *MemoryAllocated = FALSE;
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN) {
  DDI_ENTER(ObReleaseObjectSecurity, SecurityDescriptor);
  if (SecurityDescriptor) mach_not_emulated("ObReleaseObjectSecurity of a descriptor that ObGetObjectSecurity has not returned");
}

}  // extern "C"
