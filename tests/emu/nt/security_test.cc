#include "tests/emu/nt/check.h"

namespace {

constexpr GENERIC_MAPPING kMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};

bool allowed(PSECURITY_DESCRIPTOR descriptor, PSECURITY_SUBJECT_CONTEXT subject, ACCESS_MASK wanted, KPROCESSOR_MODE mode,
             ACCESS_MASK* granted) {
  NTSTATUS status;
  GENERIC_MAPPING mapping = kMapping;
  const bool yes = SeAccessCheck(descriptor, subject, FALSE, wanted, 0, nullptr, &mapping, mode, granted, &status);
  CHECK(yes == (status == STATUS_SUCCESS) && (yes || status == STATUS_ACCESS_DENIED));
  return yes;
}

}  // namespace

TEST(security_identifiers) {
  m_u8 memory[32], copy[32];
  SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
  auto* sid = (PSID)memory;
  CHECK(RtlLengthRequiredSid(2) == 16);
  CHECK(RtlInitializeSid(sid, &authority, 2) == STATUS_SUCCESS && RtlInitializeSid(sid, &authority, 16) == STATUS_INVALID_PARAMETER);
  *RtlSubAuthoritySid(sid, 0) = 32;
  *RtlSubAuthoritySid(sid, 1) = 544;
  CHECK(RtlValidSid(sid) && RtlLengthSid(sid) == 16 && *RtlSubAuthorityCountSid(sid) == 2);
  CHECK(RtlEqualSid(sid, SeExports->SeAliasAdminsSid) && !RtlEqualSid(sid, SeExports->SeWorldSid));
  CHECK(RtlCopySid(8, (PSID)copy, sid) == STATUS_BUFFER_TOO_SMALL && RtlCopySid(16, (PSID)copy, sid) == STATUS_SUCCESS);
  CHECK(RtlEqualSid(sid, (PSID)copy));
}

TEST(security_descriptor) {
  SECURITY_DESCRIPTOR descriptor;
  CHECK(RtlCreateSecurityDescriptor(&descriptor, 7) == STATUS_UNKNOWN_REVISION);
  CHECK(RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) == STATUS_SUCCESS);
  CHECK(RtlValidSecurityDescriptor(&descriptor) && RtlLengthSecurityDescriptor(&descriptor) == sizeof descriptor);
  m_u64 memory[8];
  auto* acl = (PACL)memory;
  CHECK(RtlCreateAcl(acl, 4, ACL_REVISION) == STATUS_BUFFER_TOO_SMALL);
  CHECK(RtlCreateAcl(acl, sizeof memory, ACL_REVISION) == STATUS_SUCCESS);
  CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, FILE_READ_DATA, SeExports->SeAliasAdminsSid) == STATUS_SUCCESS);
  CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, FILE_WRITE_DATA, SeExports->SeLocalSystemSid) == STATUS_SUCCESS);
  CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, DELETE, SeExports->SeAliasAdminsSid) == STATUS_ALLOTTED_SPACE_EXCEEDED);
  CHECK(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, acl, FALSE) == STATUS_SUCCESS);
  BOOLEAN present = FALSE, defaulted = TRUE;
  PACL dacl = nullptr;
  CHECK(RtlGetDaclSecurityDescriptor(&descriptor, &present, &dacl, &defaulted) == STATUS_SUCCESS);
  CHECK(present && !defaulted && dacl == acl);
  /* This is a thread of the system's: it is administrator and system. */
  SECURITY_SUBJECT_CONTEXT subject;
  SeCaptureSubjectContext(&subject);
  ACCESS_MASK granted;
  CHECK(allowed(&descriptor, &subject, FILE_READ_DATA | FILE_WRITE_DATA, UserMode, &granted));
  CHECK(granted == (FILE_READ_DATA | FILE_WRITE_DATA));
  CHECK(!allowed(&descriptor, &subject, DELETE, UserMode, &granted) && granted == 0);
  CHECK(allowed(&descriptor, &subject, DELETE, KernelMode, &granted) && granted == DELETE);
  CHECK(allowed(&descriptor, &subject, MAXIMUM_ALLOWED, UserMode, &granted) && granted == (FILE_READ_DATA | FILE_WRITE_DATA));
  CHECK(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, nullptr, FALSE) == STATUS_SUCCESS);
  CHECK(allowed(&descriptor, &subject, GENERIC_READ, UserMode, &granted) && granted == FILE_GENERIC_READ);
  SeReleaseSubjectContext(&subject);
}

TEST(security_impersonation) {
  SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation, SECURITY_DYNAMIC_TRACKING, FALSE};
  SECURITY_CLIENT_CONTEXT client;
  CHECK(SeCreateClientSecurity(PsGetCurrentThread(), &quality, FALSE, &client) == STATUS_SUCCESS);
  CHECK(SeTokenType(client.ClientToken) == TokenImpersonation && SeTokenIsAdmin(client.ClientToken));
  SeImpersonateClient(&client, nullptr);
  SECURITY_SUBJECT_CONTEXT subject;
  SeCaptureSubjectContext(&subject);
  CHECK(subject.ClientToken == client.ClientToken && SeQuerySubjectContextToken(&subject) == client.ClientToken);
  SeReleaseSubjectContext(&subject);
  PsRevertToSelf();
  SeCaptureSubjectContext(&subject);
  CHECK(subject.ClientToken == nullptr && SeTokenType(subject.PrimaryToken) == TokenPrimary);
  SeReleaseSubjectContext(&subject);
  ObDereferenceObject(client.ClientToken);
  LUID privilege = {};
  CHECK(SeSinglePrivilegeCheck(privilege, KernelMode));
}

TEST(share_access) {
  SHARE_ACCESS known;
  FILE_OBJECT a = {}, b = {};
  IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &a, &known);
  CHECK(known.OpenCount == 1 && known.Readers == 1 && known.SharedRead == 1 && known.SharedWrite == 0 && a.ReadAccess);
  CHECK(IoCheckShareAccess(FILE_WRITE_DATA, FILE_SHARE_READ, &b, &known, TRUE) == STATUS_SHARING_VIOLATION);
  CHECK(IoCheckShareAccess(FILE_READ_DATA, 0, &b, &known, TRUE) == STATUS_SHARING_VIOLATION);
  CHECK(known.OpenCount == 1);
  CHECK(IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &b, &known, FALSE) == STATUS_SUCCESS && known.OpenCount == 1);
  IoUpdateShareAccess(&b, &known);
  CHECK(known.OpenCount == 2 && known.Readers == 2);
  IoRemoveShareAccess(&a, &known);
  IoRemoveShareAccess(&b, &known);
  CHECK(known.OpenCount == 0 && known.Readers == 0 && known.SharedRead == 0);
  /* Who wants nothing of the data is not counted. */
  CHECK(IoCheckShareAccess(FILE_READ_ATTRIBUTES, 0, &b, &known, TRUE) == STATUS_SUCCESS && known.OpenCount == 0);
}

TEST(security_objects_have_no_descriptor) {
  PSECURITY_DESCRIPTOR descriptor = &descriptor;
  BOOLEAN allocated = TRUE;
  CHECK(ObGetObjectSecurity(KeGetCurrentThread(), &descriptor, &allocated) == STATUS_SUCCESS);
  CHECK(!descriptor && !allocated);
  ObReleaseObjectSecurity(descriptor, allocated);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  mach_test_expect_stop("IrqlApcLte: ObGetObjectSecurity called at");
  ObGetObjectSecurity(KeGetCurrentThread(), &descriptor, &allocated);
}
