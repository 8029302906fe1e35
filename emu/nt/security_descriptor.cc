/* Rtl routines about security identifiers, access control lists and security descriptors. */
#include "emu/nt/sid.h"

namespace nt {
namespace {

struct Ace {
  ACE_HEADER header;
  ACCESS_MASK mask;
  ULONG sid[];
};

/* A self-relative descriptor has offsets where an absolute one has pointers. */
struct Relative {
  m_u8 revision, sbz;
  SECURITY_DESCRIPTOR_CONTROL control;
  ULONG owner, group, sacl, dacl;
};

bool is_relative(const void* descriptor) {
  return ((const Relative*)descriptor)->control & SE_SELF_RELATIVE;
}

const void* part(const void* descriptor, ULONG offset, const void* pointer) {
  if (!is_relative(descriptor)) return pointer;
  return offset ? (const char*)descriptor + offset : nullptr;
}

const void* owner_of(const void* d) {
  return part(d, ((const Relative*)d)->owner, ((const SECURITY_DESCRIPTOR*)d)->Owner);
}
const void* group_of(const void* d) {
  return part(d, ((const Relative*)d)->group, ((const SECURITY_DESCRIPTOR*)d)->Group);
}
const ACL* sacl_of(const void* d) {
  return (const ACL*)part(d, ((const Relative*)d)->sacl, ((const SECURITY_DESCRIPTOR*)d)->Sacl);
}

bool acl_is_valid(const ACL* acl) {
  if (!acl) return true;
  if (acl->AclRevision < ACL_REVISION || acl->AclRevision > ACL_REVISION4 || acl->AclSize < sizeof(ACL)) return false;
  ULONG at = sizeof(ACL);
  for (ULONG i = 0; i < acl->AceCount; ++i) {
    const auto* ace = (const ACE_HEADER*)((const char*)acl + at);
    if (at + sizeof(ACE_HEADER) > acl->AclSize || ace->AceSize < sizeof(ACE_HEADER)) return false;
    at += ace->AceSize;
  }
  return at <= acl->AclSize;
}

bool descriptor_is_valid(const void* d) {
  if (!d || ((const SECURITY_DESCRIPTOR*)d)->Revision != SECURITY_DESCRIPTOR_REVISION) return false;
  bool present;
  return (!owner_of(d) || sid_is_valid(owner_of(d))) && (!group_of(d) || sid_is_valid(group_of(d))) &&
         acl_is_valid(dacl_of(d, &present)) && acl_is_valid(sacl_of(d));
}

ULONG used_bytes(const ACL* acl) {
  ULONG at = sizeof(ACL);
  for (ULONG i = 0; i < acl->AceCount; ++i) at += ((const ACE_HEADER*)((const char*)acl + at))->AceSize;
  return at;
}

NTSTATUS add_ace(PACL acl, ULONG revision, UCHAR type, UCHAR flags, ACCESS_MASK mask, const void* sid) {
  if (!sid_is_valid(sid)) return STATUS_INVALID_SID;
  if (!acl_is_valid(acl)) return STATUS_INVALID_ACL;
  if (acl->AclRevision > ACL_REVISION4 || revision > ACL_REVISION4) return STATUS_REVISION_MISMATCH;
  const ULONG at = used_bytes(acl), bytes = sizeof(Ace) + sid_bytes(sid);
  if (at + bytes > acl->AclSize) return STATUS_ALLOTTED_SPACE_EXCEEDED;
  auto* ace = (Ace*)((char*)acl + at);
  ace->header = {type, flags, (USHORT)bytes};
  ace->mask = mask;
  __builtin_memcpy(ace->sid, sid, sid_bytes(sid));
  ++acl->AceCount;
  if (revision > acl->AclRevision) acl->AclRevision = (UCHAR)revision;
  return STATUS_SUCCESS;
}

NTSTATUS check_absolute(PSECURITY_DESCRIPTOR descriptor) {
  if (((const SECURITY_DESCRIPTOR*)descriptor)->Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  return is_relative(descriptor) ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

void set_flag(PISECURITY_DESCRIPTOR descriptor, USHORT flag, bool on) {
  descriptor->Control = (USHORT)(on ? descriptor->Control | flag : descriptor->Control & ~flag);
}

ULONG descriptor_bytes(const void* d) {
  bool present;
  ULONG bytes = is_relative(d) ? sizeof(Relative) : sizeof(SECURITY_DESCRIPTOR);
  const auto rounded = [](ULONG size) { return (size + 3) & ~3ul; };
  if (const void* owner = owner_of(d)) bytes += rounded(sid_bytes(owner));
  if (const void* group = group_of(d)) bytes += rounded(sid_bytes(group));
  if (const ACL* dacl = dacl_of(d, &present)) bytes += rounded(dacl->AclSize);
  if (const ACL* sacl = sacl_of(d)) bytes += rounded(sacl->AclSize);
  return bytes;
}

}  // namespace

Sid sid_world = {1, 1, {0, 0, 0, 0, 0, 1}, {0}};
Sid sid_authenticated = {1, 1, {0, 0, 0, 0, 0, 5}, {11}};
Sid sid_users = {1, 2, {0, 0, 0, 0, 0, 5}, {32, 545}};
Sid sid_admins = {1, 2, {0, 0, 0, 0, 0, 5}, {32, 544}};
Sid sid_system = {1, 1, {0, 0, 0, 0, 0, 5}, {18}};

bool sid_is_valid(const void* sid) {
  return sid && ((const Sid*)sid)->revision == SID_REVISION && ((const Sid*)sid)->count <= 15;
}

bool sid_equal(const void* a, const void* b) {
  return sid_bytes(a) == sid_bytes(b) && __builtin_memcmp(a, b, sid_bytes(a)) == 0;
}

const ACL* dacl_of(const void* d, bool* present) {
  *present = ((const SECURITY_DESCRIPTOR*)d)->Control & SE_DACL_PRESENT;
  if (!*present) return nullptr;
  return (const ACL*)part(d, ((const Relative*)d)->dacl, ((const SECURITY_DESCRIPTOR*)d)->Dacl);
}

}  // namespace nt

extern "C" {

/* --- identifiers -------------------------------------------------------------------------------------------------------- */

NTSYSAPI BOOLEAN NTAPI RtlValidSid(PSID Sid) {
  DDI_ENTER(RtlValidSid, Sid);
  return nt::sid_is_valid(Sid);
}

NTSYSAPI ULONG NTAPI RtlLengthSid(PSID Sid) {
  DDI_ENTER(RtlLengthSid, Sid);
  return nt::sid_bytes(Sid);
}

NTSYSAPI ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount) {
  DDI_ENTER(RtlLengthRequiredSid, nullptr);
  return 8 + 4 * SubAuthorityCount;
}

NTSYSAPI NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority, UCHAR SubAuthorityCount) {
  DDI_ENTER(RtlInitializeSid, Sid);
  if (SubAuthorityCount > 15) return STATUS_INVALID_PARAMETER;
  auto* sid = (nt::Sid*)Sid;
  sid->revision = SID_REVISION;
  sid->count = SubAuthorityCount;
  __builtin_memcpy(sid->authority, IdentifierAuthority, sizeof sid->authority);
  return STATUS_SUCCESS;
}

NTSYSAPI PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority) {
  DDI_ENTER(RtlSubAuthoritySid, Sid);
  return (PULONG)&((nt::Sid*)Sid)->parts[SubAuthority];
}

NTSYSAPI PUCHAR NTAPI RtlSubAuthorityCountSid(PSID Sid) {
  DDI_ENTER(RtlSubAuthorityCountSid, Sid);
  return &((nt::Sid*)Sid)->count;
}

NTSYSAPI NTSTATUS NTAPI RtlCopySid(ULONG Length, PSID Destination, PSID Source) {
  DDI_ENTER(RtlCopySid, Destination);
  if (nt::sid_bytes(Source) > Length) return STATUS_BUFFER_TOO_SMALL;
  __builtin_memcpy(Destination, Source, nt::sid_bytes(Source));
  return STATUS_SUCCESS;
}

NTSYSAPI BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2) {
  DDI_ENTER(RtlEqualSid, Sid1);
  return nt::sid_equal(Sid1, Sid2);
}

/* --- lists -------------------------------------------------------------------------------------------------------------- */

NTSYSAPI NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclSize, ULONG AclRevision) {
  DDI_ENTER(RtlCreateAcl, Acl);
  if (AclSize < sizeof(ACL)) return STATUS_BUFFER_TOO_SMALL;
  if (AclRevision < ACL_REVISION || AclRevision > ACL_REVISION4 || AclSize > 0xffff) return STATUS_INVALID_PARAMETER;
  *Acl = {(UCHAR)AclRevision, 0, (USHORT)(AclSize & ~3u), 0, 0};
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid) {
  DDI_ENTER(RtlAddAccessAllowedAce, Acl);
  return nt::add_ace(Acl, AceRevision, ACCESS_ALLOWED_ACE_TYPE, 0, AccessMask, Sid);
}

NTSYSAPI NTSTATUS NTAPI RtlAddAccessAllowedAceEx(PACL Acl, ULONG AceRevision, ULONG AceFlags, ACCESS_MASK AccessMask,
                                                 PSID Sid) {
  DDI_ENTER(RtlAddAccessAllowedAceEx, Acl);
  return nt::add_ace(Acl, AceRevision, ACCESS_ALLOWED_ACE_TYPE, (UCHAR)AceFlags, AccessMask, Sid);
}

/* --- descriptors -------------------------------------------------------------------------------------------------------- */

NTSYSAPI NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision) {
  DDI_ENTER(RtlCreateSecurityDescriptor, SecurityDescriptor);
  if (Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  *(PISECURITY_DESCRIPTOR)SecurityDescriptor = {};
  ((PISECURITY_DESCRIPTOR)SecurityDescriptor)->Revision = SECURITY_DESCRIPTOR_REVISION;
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent, PACL Dacl,
                                                     BOOLEAN DaclDefaulted) {
  DDI_ENTER(RtlSetDaclSecurityDescriptor, SecurityDescriptor);
  const NTSTATUS wrong = nt::check_absolute(SecurityDescriptor);
  if (!NT_SUCCESS(wrong)) return wrong;
  auto* descriptor = (PISECURITY_DESCRIPTOR)SecurityDescriptor;
  nt::set_flag(descriptor, SE_DACL_PRESENT, DaclPresent);
  if (!DaclPresent) return STATUS_SUCCESS;
  descriptor->Dacl = Dacl;
  nt::set_flag(descriptor, SE_DACL_DEFAULTED, DaclDefaulted);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PBOOLEAN DaclPresent,
                                                     PACL* Dacl, PBOOLEAN DaclDefaulted) {
  DDI_ENTER(RtlGetDaclSecurityDescriptor, SecurityDescriptor);
  const auto* descriptor = (PISECURITY_DESCRIPTOR)SecurityDescriptor;
  if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  bool present;
  const ACL* dacl = nt::dacl_of(SecurityDescriptor, &present);
  *DaclPresent = present;
  if (!present) return STATUS_SUCCESS;
  *Dacl = (PACL)dacl;
  *DaclDefaulted = (descriptor->Control & SE_DACL_DEFAULTED) != 0;
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Owner,
                                                      BOOLEAN OwnerDefaulted) {
  DDI_ENTER(RtlSetOwnerSecurityDescriptor, SecurityDescriptor);
  const NTSTATUS wrong = nt::check_absolute(SecurityDescriptor);
  if (!NT_SUCCESS(wrong)) return wrong;
  auto* descriptor = (PISECURITY_DESCRIPTOR)SecurityDescriptor;
  descriptor->Owner = Owner;
  nt::set_flag(descriptor, SE_OWNER_DEFAULTED, OwnerDefaulted);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Group,
                                                      BOOLEAN GroupDefaulted) {
  DDI_ENTER(RtlSetGroupSecurityDescriptor, SecurityDescriptor);
  const NTSTATUS wrong = nt::check_absolute(SecurityDescriptor);
  if (!NT_SUCCESS(wrong)) return wrong;
  auto* descriptor = (PISECURITY_DESCRIPTOR)SecurityDescriptor;
  descriptor->Group = Group;
  nt::set_flag(descriptor, SE_GROUP_DEFAULTED, GroupDefaulted);
  return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID* Owner,
                                                      PBOOLEAN OwnerDefaulted) {
  DDI_ENTER(RtlGetOwnerSecurityDescriptor, SecurityDescriptor);
  const auto* descriptor = (PISECURITY_DESCRIPTOR)SecurityDescriptor;
  if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  *Owner = (PSID)nt::owner_of(SecurityDescriptor);
  *OwnerDefaulted = (descriptor->Control & SE_OWNER_DEFAULTED) != 0;
  return STATUS_SUCCESS;
}

NTSYSAPI ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
  DDI_ENTER(RtlLengthSecurityDescriptor, SecurityDescriptor);
  return nt::descriptor_bytes(SecurityDescriptor);
}

NTSYSAPI BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
  DDI_ENTER(RtlValidSecurityDescriptor, SecurityDescriptor);
  return nt::descriptor_is_valid(SecurityDescriptor);
}

}  // extern "C"
