#include "emu/rules/irql_lists.h"

#include <algorithm>
#include <array>

#include "emu/rules/ddi_set.h"

namespace wdm {
namespace {

struct List {
  RuleId rule;
  DdiSet ddis;
};

// One rule for a DDI: where two rules list it, the first one here. Names that are macros or inline functions on x64
// stand beside what they expand to.
//
// Other than the pages of the rules say:
// - IrqlDispatch: the AtDpcLevel and FromDpcLevel routines are allowed above DISPATCH_LEVEL, as the page of
//   KeAcquireSpinLockAtDpcLevel says. At DISPATCH_LEVEL reached with KeRaiseIrql they are as good as in a DPC. The
//   queued forms are judged as well. IoWriteErrorLogEntry (its page: <= DISPATCH_LEVEL) and the DMA operations of the second
//   list, whose own pages allow lower levels, are left out.
// - IrqlExAllocatePool and the IrqlExFree rules: the forms without tag and those of Windows 10 are judged as well.
// - IrqlKeApcLte1: KeQueryActiveProcessors may be called at any IRQL since Windows Vista. IrqlKeApcLte2:
//   KeAreApcsDisabled and KeAreAllApcsDisabled at <= DISPATCH_LEVEL, IrqlExApcLte2: quota too, IrqlMmApcLte:
//   MmAllocatePagesForMdl and its Ex form too, as their own pages say. IrqlIoPassive1: IoCreateDevice, IrqlExPassive:
//   ExCreateCallback and ExRaiseStatus at <= APC_LEVEL, for the same reason.
// - IrqlKeDispatchLte: the page of KeInitializeSemaphore asks for PASSIVE_LEVEL; the rule's looser bound is used.
// - IrqlNtifsApcPassive does not say which of its routines need PASSIVE_LEVEL; their own pages do.
const std::array<RuleId, DDI_COUNT>& rules_by_ddi() {
  static const std::array<RuleId, DDI_COUNT> rules = [] {
    const List lists[] = {
        {RuleId::IrqlKeDispatchLte,
         {"KeAcquireSpinLock", "KeAcquireSpinLockRaiseToDpc", "KeCancelTimer", "KeClearEvent", "KeFlushIoBuffers",
          "KeInitializeDeviceQueue", "KeInitializeSemaphore", "KeInitializeTimer", "KeInitializeTimerEx",
          "KePulseEvent", "KeRaiseIrqlToDpcLevel", "KeReadStateEvent", "KeReadStateTimer", "KeReleaseMutex",
          "KeRemoveEntryDeviceQueue", "KeResetEvent", "KeSaveFloatingPointState", "KeSetTimer", "KeSetTimerEx"}},
        {RuleId::IrqlDispatch,
         {"KeAcquireSpinLockAtDpcLevel", "KeReleaseSpinLockFromDpcLevel", "KefAcquireSpinLockAtDpcLevel",
          "KefReleaseSpinLockFromDpcLevel", "KeTryToAcquireSpinLockAtDpcLevel",
          "KeAcquireInStackQueuedSpinLockAtDpcLevel", "KeReleaseInStackQueuedSpinLockFromDpcLevel",
          "KeInsertDeviceQueue", "KeInsertByKeyDeviceQueue", "KeRemoveDeviceQueue", "KeRemoveByKeyDeviceQueue",
          "IoStartNextPacket", "IoAllocateController", "IoFreeController", "IoAllocateAdapterChannel",
          "AllocateAdapterChannel", "FreeAdapterChannel", "FreeMapRegisters", "GetScatterGatherList",
          "PutScatterGatherList"}},
        {RuleId::IrqlPsPassive,
         {"PsCreateSystemThread", "PsGetVersion", "PsSetCreateProcessNotifyRoutine", "PsSetCreateThreadNotifyRoutine",
          "PsSetLoadImageNotifyRoutine", "PsTerminateSystemThread"}},
        {RuleId::IrqlKeRaiseLower, {"KeRaiseIrql", "KfRaiseIrql", "KeLowerIrql", "KfLowerIrql"}},
        {RuleId::IrqlKeApcLte1,
         {"KeAcquireGuardedMutex", "KeAcquireGuardedMutexUnsafe", "KeDelayExecutionThread", "KeQueryActiveProcessors",
          "KeReleaseGuardedMutex", "KeReleaseGuardedMutexUnsafe", "KeTryToAcquireGuardedMutex"}},
        {RuleId::IrqlKeApcLte2,
         {"KeAreAllApcsDisabled", "KeAreApcsDisabled", "KeDeregisterNmiCallback", "KeEnterCriticalRegion",
          "KeEnterGuardedRegion", "KeLeaveCriticalRegion", "KeLeaveGuardedRegion", "KeRegisterNmiCallback"}},
        {RuleId::IrqlKeSetEvent, {"KeSetEvent"}},
        {RuleId::IrqlKeWaitForMultipleObjects, {"KeWaitForMultipleObjects"}},
        {RuleId::IrqlExApcLte1, {"ExAcquireFastMutex", "ExTryToAcquireFastMutex"}},
        {RuleId::IrqlExApcLte2,
         {"CmRegisterCallback", "CmRegisterCallbackEx", "CmUnRegisterCallback", "ExAllocateFromPagedLookasideList",
          "ExAllocatePoolWithQuota", "ExAllocatePoolWithQuotaTag", "ExDeletePagedLookasideList",
          "ExFreeToPagedLookasideList", "ExInitializePagedLookasideList", "ExRegisterCallback", "ExSetTimerResolution",
          "ExUnregisterCallback", "ProbeForRead", "ProbeForWrite"}},
        {RuleId::IrqlExApcLte3,
         {"ExAcquireResourceExclusiveLite", "ExAcquireResourceSharedLite", "ExAcquireSharedStarveExclusive",
          "ExAcquireSharedWaitForExclusive", "ExConvertExclusiveToSharedLite", "ExDeleteResourceLite"}},
        {RuleId::IrqlExAllocatePool,
         {"ExAllocatePoolWithTag", "ExAllocatePoolWithTagPriority", "ExAllocatePool", "ExAllocatePool2",
          "ExAllocatePool3"}},
        {RuleId::IrqlExFree3, {"ExFreePoolWithTag", "ExFreePool", "ExFreePool2"}},
        {RuleId::IrqlExPassive,
         {"ExCreateCallback", "ExIsProcessorFeaturePresent", "ExRaiseAccessViolation", "ExRaiseDatatypeMisalignment",
          "ExRaiseStatus", "ExUuidCreate"}},
        {RuleId::IrqlApcLte, {"ObGetObjectSecurity", "ObReleaseObjectSecurity"}},
        {RuleId::IrqlObPassive, {"ObReferenceObjectByHandle"}},
        {RuleId::IrqlIoApcLte,
         {"IoDeleteDevice", "IoGetInitialStack", "IoRaiseHardError", "IoRaiseInformationalHardError"}},
        {RuleId::IrqlIoDispatch, {"IoGetDeviceToVerify", "IoSetDeviceToVerify"}},
        {RuleId::IrqlIoPassive1,
         {"IoAttachDevice", "IoBuildDeviceIoControlRequest", "IoCreateDevice", "IoSetDeviceInterfaceState"}},
        {RuleId::IrqlIoPassive2, {"IoCheckShareAccess", "IoConnectInterrupt", "IoCreateController"}},
        {RuleId::IrqlIoPassive3,
         {"IoAssignArcName", "IoCreateSymbolicLink", "IoDetachDevice", "IoRegisterDeviceInterface"}},
        {RuleId::IrqlIoPassive4,
         {"IoCreateFile", "IoCreateNotificationEvent", "IoCreateSynchronizationEvent",
          "IoCreateUnprotectedSymbolicLink", "IoDeassignArcName", "IoDeleteController", "IoDeleteSymbolicLink",
          "IoDisconnectInterrupt"}},
        {RuleId::IrqlIoPassive5,
         {"IoGetConfigurationInformation", "IoGetDeviceObjectPointer", "IoGetDmaAdapter",
          "IoGetFileObjectGenericMapping", "IoInitializeTimer", "IoIsWdmVersionAvailable",
          "IoRegisterDriverReinitialization", "IoRegisterShutdownNotification", "IoRemoveShareAccess",
          "IoSetShareAccess", "IoUnregisterShutdownNotification", "IoUpdateShareAccess", "IoWMIAllocateInstanceIds",
          "IoWMIRegistrationControl"}},
        {RuleId::IrqlIoRtlZwPassive,
         {"IoCreateFileEx", "IoCreateFileSpecifyDeviceObjectHint", "IoGetDeviceDirectory", "IoGetDriverDirectory",
          "IoOpenDeviceInterfaceRegistryKey", "IoOpenDeviceRegistryKey", "RtlCreateRegistryKey",
          "RtlCreateSystemVolumeInformationFolder", "RtlWriteRegistryValue", "ZwCreateDirectoryObject", "ZwCreateFile",
          "ZwCreateKeyTransacted", "ZwDeleteFile", "ZwDeleteValueKey", "ZwFlushBuffersFile", "ZwFlushBuffersFileEx",
          "ZwRenameKey", "ZwSetEaFile", "ZwSetInformationFile", "ZwSetInformationKey"}},
        {RuleId::IrqlNtifsApcPassive,
         {"CcCopyWrite", "CcCopyWriteEx", "CcDeferWrite", "CcFastCopyWrite", "NtCreateFile", "NtSetInformationFile",
          "NtWriteFile", "ZwWriteFile"}},
        {RuleId::IrqlMmApcLte,
         {"MmAllocateNonCachedMemory", "MmAllocatePagesForMdl", "MmAllocatePagesForMdlEx", "MmFreeNonCachedMemory",
          "MmFreePagesFromMdl", "MmLockPagableDataSection", "MmLockPagableSectionByHandle", "MmPageEntireDriver",
          "MmResetDriverPaging", "MmSecureVirtualMemory", "MmUnlockPagableImageSection", "MmUnsecureVirtualMemory"}},
        {RuleId::IrqlMmDispatch, {"MmFreeContiguousMemory"}},
        {RuleId::IrqlRtlPassive, {"RtlDeleteRegistryValue"}},
        {RuleId::IrqlZwPassive,
         {"NtClose", "ZwClose", "ZwCreateKey", "ZwDeleteKey", "ZwEnumerateKey", "ZwEnumerateValueKey", "ZwFlushKey",
          "ZwOpenKey", "ZwQueryKey", "ZwQueryValueKey", "ZwSetValueKey"}},
    };
    std::array<RuleId, DDI_COUNT> result;
    result.fill(RuleId::IrqlContract);
    for (std::uint16_t ddi = 0; ddi < DDI_COUNT; ++ddi) {
      const auto list = std::ranges::find_if(lists, [&](const List& one) { return one.ddis.contains(ddi); });
      if (list != std::end(lists)) result[ddi] = list->rule;
    }
    return result;
  }();
  return rules;
}

// Which of the three rules about freeing pool it is depends on who allocated the block.
RuleId rule_of_free(const Trace& trace, ObjectId block) {
  const std::uint32_t allocated = trace.objects[block].event;
  if (allocated >= trace.events.size()) return RuleId::IrqlExFree3;
  switch (trace.events[allocated].ddi) {
    case DDI_ExAllocatePoolWithTag: return RuleId::IrqlExFree1;
    case DDI_ExAllocatePoolWithTagPriority: return RuleId::IrqlExFree2;
    default: return RuleId::IrqlExFree3;
  }
}

}  // namespace

RuleId irql_rule(std::uint16_t ddi) { return ddi < DDI_COUNT ? rules_by_ddi()[ddi] : RuleId::IrqlContract; }

RuleId irql_rule(const Trace& trace, std::uint16_t ddi, ObjectId object) {
  const RuleId rule = irql_rule(ddi);
  if (object == 0 || object >= trace.objects.size()) return rule;
  const std::uint32_t kind = trace.objects[object].kind;
  if (rule == RuleId::IrqlExFree3 && kind == OBJECT_Pool) return rule_of_free(trace, object);
  if (ddi == DDI_KeWaitForSingleObject && kind == OBJECT_Mutex) return RuleId::IrqlKeWaitForMutexObject;
  return rule;
}

}  // namespace wdm
