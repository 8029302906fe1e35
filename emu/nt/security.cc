/* Who asks, and whether he may. There are two tokens: the system's, and the client's, who is an administrator. */
#include "emu/nt/handle.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/sid.h"
#include "emu/nt/thread.h"

namespace nt {
namespace {

struct Token {
  const Sid* const* groups; /* ended by null */
  bool system;
  TOKEN_TYPE type;
};

const Sid* const system_groups[] = {&sid_system, &sid_admins, &sid_world, &sid_authenticated, nullptr};
const Sid* const client_groups[] = {&sid_admins, &sid_users, &sid_world, &sid_authenticated, nullptr};

Token* primary[2]; /* the system's, the client's; made when they are needed */
SE_EXPORTS exports;

Token* make_token(const Process* process, TOKEN_TYPE type) {
  auto* token = (Token*)make_object(sizeof(Token), ObjectKind::token, nullptr);
  token->system = process == system_process();
  token->groups = token->system ? system_groups : client_groups;
  token->type = type;
  return token;
}

Token* token_of(const Process* process) {
  Token*& token = primary[process == system_process() ? 0 : 1];
  if (!token) token = make_token(process, TokenPrimary);
  return token;
}

bool is_in(const Token* token, const void* sid) {
  for (const Sid* const* group = token->groups; *group; ++group)
    if (sid_equal(*group, sid)) return true;
  return false;
}

ACCESS_MASK mapped(ACCESS_MASK mask, const GENERIC_MAPPING* mapping) {
  ACCESS_MASK specific = mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
  if (mask & GENERIC_READ) specific |= mapping->GenericRead;
  if (mask & GENERIC_WRITE) specific |= mapping->GenericWrite;
  if (mask & GENERIC_EXECUTE) specific |= mapping->GenericExecute;
  if (mask & GENERIC_ALL) specific |= mapping->GenericAll;
  return specific;
}

/* What the list gives this token of `wanted`: in its order, until all is given or something is denied. */
ACCESS_MASK granted_by(const ACL* acl, const Token* token, ACCESS_MASK wanted, const GENERIC_MAPPING* mapping, bool maximum) {
  ACCESS_MASK granted = 0, denied = 0;
  ULONG at = sizeof(ACL);
  for (ULONG i = 0; i < acl->AceCount; ++i) {
    const auto* ace = (const ACCESS_ALLOWED_ACE*)((const char*)acl + at);
    at += ace->Header.AceSize;
    if ((ace->Header.AceFlags & INHERIT_ONLY_ACE) || !is_in(token, &ace->SidStart)) continue;
    const ACCESS_MASK mask = mapped(ace->Mask, mapping);
    if (ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE) granted |= mask & ~denied;
    if (ace->Header.AceType == ACCESS_DENIED_ACE_TYPE) denied |= mask & ~granted;
  }
  return maximum ? granted : granted & wanted;
}

bool access_check(const void* descriptor, const Token* token, ACCESS_MASK desired, ACCESS_MASK before,
                  const GENERIC_MAPPING* mapping, ACCESS_MASK* granted) {
  const bool maximum = desired & MAXIMUM_ALLOWED;
  const ACCESS_MASK wanted = mapped(desired & ~(ACCESS_MASK)MAXIMUM_ALLOWED, mapping) & ~before;
  bool present;
  const ACL* dacl = dacl_of(descriptor, &present);
  if (!dacl)
    *granted = before | (maximum ? mapping->GenericAll : wanted);
  else
    *granted = before | granted_by(dacl, token, wanted, mapping, maximum);
  return (*granted & wanted) == wanted && (!maximum || *granted);
}

constexpr ULONG kFirstPrivilege = 2; /* SeCreateTokenPrivilege */

void fill_exports() {
  LUID* const privileges = &exports.SeCreateTokenPrivilege;
  for (ULONG i = 0; &privileges[i] <= &exports.SeRemoteShutdownPrivilege; ++i) privileges[i].LowPart = kFirstPrivilege + i;
  exports.SeUndockPrivilege.LowPart = 25;
  exports.SeSyncAgentPrivilege.LowPart = 26;
  exports.SeEnableDelegationPrivilege.LowPart = 27;
  exports.SeManageVolumePrivilege.LowPart = 28;
  exports.SeImpersonatePrivilege.LowPart = 29;
  exports.SeCreateGlobalPrivilege.LowPart = 30;
  exports.SeTrustedCredManAccessPrivilege.LowPart = 31;
  exports.SeRelabelPrivilege.LowPart = 32;
  exports.SeIncreaseWorkingSetPrivilege.LowPart = 33;
  exports.SeTimeZonePrivilege.LowPart = 34;
  exports.SeCreateSymbolicLinkPrivilege.LowPart = 35;
  exports.SeWorldSid = &sid_world;
  exports.SeLocalSystemSid = &sid_system;
  exports.SeAliasAdminsSid = &sid_admins;
  exports.SeAliasUsersSid = &sid_users;
  exports.SeAuthenticatedUsersSid = &sid_authenticated;
}

NTSTATUS create_client_security(const Thread* thread, const SECURITY_QUALITY_OF_SERVICE* quality, bool remote,
                                PSECURITY_CLIENT_CONTEXT context) {
  *context = {};
  context->SecurityQos = *quality;
  context->ServerIsRemote = remote;
  context->ClientToken = make_token(thread->process, TokenImpersonation);
  return STATUS_SUCCESS;
}

}  // namespace

void reset_security() {
  primary[0] = primary[1] = nullptr;
  if (!SeExports) fill_exports();
  SeExports = &exports;
}

}  // namespace nt

/* Macros for some versions of Windows. */
#undef PsDereferencePrimaryToken
#undef PsDereferenceImpersonationToken

extern "C" {

PSE_EXPORTS SeExports;

/* The kernel may do all; whether the client holds a privilege is not settled. */
NTKERNELAPI BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID, KPROCESSOR_MODE PreviousMode) {
  DDI_ENTER(SeSinglePrivilegeCheck, nullptr);
  return PreviousMode == KernelMode || mach_choose(CHOICE_PrivilegeMissing, 2) == 0;
}

NTKERNELAPI BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor, PSECURITY_SUBJECT_CONTEXT Subject, BOOLEAN,
                                        ACCESS_MASK DesiredAccess, ACCESS_MASK PreviouslyGrantedAccess,
                                        PPRIVILEGE_SET* Privileges, PGENERIC_MAPPING GenericMapping,
                                        KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus) {
  DDI_ENTER(SeAccessCheck, SecurityDescriptor);
  if (Privileges) *Privileges = nullptr;
  *AccessStatus = STATUS_SUCCESS;
  if (AccessMode == KernelMode) {
    const ACCESS_MASK wanted = DesiredAccess & ~(ACCESS_MASK)MAXIMUM_ALLOWED;
    *GrantedAccess = PreviouslyGrantedAccess | nt::mapped(wanted, GenericMapping);
    if (DesiredAccess & MAXIMUM_ALLOWED) *GrantedAccess |= GenericMapping->GenericAll;
    return TRUE;
  }
  const auto* token = (const nt::Token*)SeQuerySubjectContextToken(Subject);
  const bool allowed = SecurityDescriptor && nt::access_check(SecurityDescriptor, token, DesiredAccess,
                                                              PreviouslyGrantedAccess, GenericMapping, GrantedAccess);
  if (allowed) return TRUE;
  *GrantedAccess = 0;
  *AccessStatus = STATUS_ACCESS_DENIED;
  return FALSE;
}

NTKERNELAPI VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  DDI_ENTER(SeCaptureSubjectContext, nullptr);
  const nt::Thread* thread = nt::current_thread();
  *SubjectContext = {};
  SubjectContext->PrimaryToken = nt::token_of(thread->process);
  SubjectContext->ClientToken = thread->impersonation;
  SubjectContext->ImpersonationLevel = SecurityImpersonation;
  SubjectContext->ProcessAuditId = thread->process->id;
  nt::reference_object(SubjectContext->PrimaryToken, ddi.pc());
  if (SubjectContext->ClientToken) nt::reference_object(SubjectContext->ClientToken, ddi.pc());
}

NTKERNELAPI VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  DDI_ENTER(SeReleaseSubjectContext, nullptr);
  nt::dereference_object(SubjectContext->PrimaryToken, ddi.pc());
  if (SubjectContext->ClientToken) nt::dereference_object(SubjectContext->ClientToken, ddi.pc());
  SubjectContext->PrimaryToken = SubjectContext->ClientToken = nullptr;
}

/* Tokens do not change here. */
NTKERNELAPI VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  DDI_ENTER(SeLockSubjectContext, SubjectContext);
}

NTKERNELAPI VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
  DDI_ENTER(SeUnlockSubjectContext, SubjectContext);
}

NTKERNELAPI NTSTATUS NTAPI SeCreateClientSecurity(PETHREAD ClientThread, PSECURITY_QUALITY_OF_SERVICE ClientSecurityQos,
                                                  BOOLEAN RemoteSession, PSECURITY_CLIENT_CONTEXT ClientContext) {
  DDI_ENTER(SeCreateClientSecurity, ClientThread);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::create_client_security((const nt::Thread*)ClientThread, ClientSecurityQos, RemoteSession, ClientContext);
}

static NTSTATUS impersonate(PSECURITY_CLIENT_CONTEXT context, PETHREAD server, const void* pc) {
  nt::Thread* thread = server ? (nt::Thread*)server : nt::current_thread();
  nt::reference_object(context->ClientToken, pc);
  if (thread->impersonation) nt::dereference_object(thread->impersonation, pc);
  thread->impersonation = context->ClientToken;
  return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI SeImpersonateClient(PSECURITY_CLIENT_CONTEXT ClientContext, PETHREAD ServerThread) {
  DDI_ENTER(SeImpersonateClient, ServerThread);
  impersonate(ClientContext, ServerThread, ddi.pc());
}

NTKERNELAPI NTSTATUS NTAPI SeImpersonateClientEx(PSECURITY_CLIENT_CONTEXT ClientContext, PETHREAD ServerThread) {
  DDI_ENTER(SeImpersonateClientEx, ServerThread);
  return impersonate(ClientContext, ServerThread, ddi.pc());
}

NTKERNELAPI VOID NTAPI PsRevertToSelf(VOID) {
  DDI_ENTER(PsRevertToSelf, nullptr);
  nt::Thread* thread = nt::current_thread();
  if (thread->impersonation) nt::dereference_object(thread->impersonation, ddi.pc());
  thread->impersonation = nullptr;
}

NTKERNELAPI TOKEN_TYPE NTAPI SeTokenType(PACCESS_TOKEN Token) {
  DDI_ENTER(SeTokenType, Token);
  return ((const nt::Token*)Token)->type;
}

NTKERNELAPI BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN Token) {
  DDI_ENTER(SeTokenIsAdmin, Token);
  return nt::is_in((const nt::Token*)Token, &nt::sid_admins);
}

NTKERNELAPI PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS Process) {
  DDI_ENTER(PsReferencePrimaryToken, Process);
  nt::Token* token = nt::token_of((const nt::Process*)Process);
  nt::reference_object(token, ddi.pc());
  return token;
}

NTKERNELAPI VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN PrimaryToken) {
  DDI_ENTER(PsDereferencePrimaryToken, PrimaryToken);
  nt::dereference_object(PrimaryToken, ddi.pc());
}

NTKERNELAPI VOID NTAPI PsDereferenceImpersonationToken(PACCESS_TOKEN ImpersonationToken) {
  DDI_ENTER(PsDereferenceImpersonationToken, ImpersonationToken);
  nt::dereference_object(ImpersonationToken, ddi.pc());
}

}  // extern "C"
