#include <gtest/gtest.h>

#include "emu/rules/irql_lists.h"
#include "emu/trace/ddi_numbers.h"
#include "tests/emu/rules/event_list.h"

namespace wdm {
namespace {

const std::uint32_t kJudged[] = {CALLBACK_Dpc,         CALLBACK_StartIo,   CALLBACK_WorkItem, CALLBACK_Completion,
                                 CALLBACK_Cancel,      CALLBACK_Thread,    CALLBACK_Isr,      CALLBACK_Unload,
                                 CALLBACK_DriverEntry, CALLBACK_AddDevice, CALLBACK_Other};

// What the pages of Microsoft's rules and of the routines allow, the looser of both.
struct Allowed {
  RuleId rule;
  std::uint8_t lowest, highest;
  std::vector<std::string_view> ddis;
};
const Allowed kAllowed[] = {
    {RuleId::IrqlKeDispatchLte, 0, 2, {"KeAcquireSpinLockRaiseToDpc", "KeCancelTimer", "KeClearEvent",
     "KeInitializeDeviceQueue", "KeInitializeSemaphore", "KeInitializeTimer", "KeInitializeTimerEx",
     "KePulseEvent", "KeRaiseIrqlToDpcLevel", "KeReadStateEvent", "KeReadStateTimer", "KeReleaseMutex",
     "KeRemoveEntryDeviceQueue", "KeResetEvent", "KeSetTimer", "KeSetTimerEx"}},
    {RuleId::IrqlDispatch, 2, 31, {"KeAcquireSpinLockAtDpcLevel", "KeReleaseSpinLockFromDpcLevel",
     "KefAcquireSpinLockAtDpcLevel", "KefReleaseSpinLockFromDpcLevel", "KeTryToAcquireSpinLockAtDpcLevel",
     "KeAcquireInStackQueuedSpinLockAtDpcLevel", "KeReleaseInStackQueuedSpinLockFromDpcLevel"}},
    {RuleId::IrqlDispatch, 2, 2, {"KeInsertDeviceQueue", "KeInsertByKeyDeviceQueue", "KeRemoveDeviceQueue",
     "KeRemoveByKeyDeviceQueue", "IoStartNextPacket"}},
    {RuleId::IrqlPsPassive, 0, 0, {"PsCreateSystemThread", "PsGetVersion", "PsSetCreateProcessNotifyRoutine",
     "PsSetCreateThreadNotifyRoutine", "PsSetLoadImageNotifyRoutine", "PsTerminateSystemThread"}},
    {RuleId::IrqlKeApcLte1, 0, 1, {"KeAcquireGuardedMutex", "KeAcquireGuardedMutexUnsafe",
     "KeDelayExecutionThread", "KeReleaseGuardedMutex", "KeReleaseGuardedMutexUnsafe",
     "KeTryToAcquireGuardedMutex"}},
    {RuleId::IrqlKeApcLte2, 0, 2, {"KeAreAllApcsDisabled", "KeAreApcsDisabled"}},
    {RuleId::IrqlKeApcLte2, 0, 1, {"KeEnterCriticalRegion", "KeEnterGuardedRegion", "KeLeaveCriticalRegion",
     "KeLeaveGuardedRegion"}},
    {RuleId::IrqlKeSetEvent, 0, 2, {"KeSetEvent"}},
    {RuleId::IrqlKeWaitForMultipleObjects, 0, 2, {"KeWaitForMultipleObjects"}},
    {RuleId::IrqlExApcLte1, 0, 1, {"ExAcquireFastMutex", "ExTryToAcquireFastMutex"}},
    {RuleId::IrqlExApcLte2, 0, 1, {"ExAllocateFromPagedLookasideList", "ExDeletePagedLookasideList",
     "ExFreeToPagedLookasideList", "ExInitializePagedLookasideList", "ExRegisterCallback",
     "ExUnregisterCallback", "ProbeForRead", "ProbeForWrite"}},
    {RuleId::IrqlExApcLte2, 0, 2, {"ExAllocatePoolWithQuota", "ExAllocatePoolWithQuotaTag"}},
    {RuleId::IrqlExApcLte3, 0, 1, {"ExAcquireResourceExclusiveLite", "ExAcquireResourceSharedLite",
     "ExAcquireSharedStarveExclusive", "ExAcquireSharedWaitForExclusive", "ExConvertExclusiveToSharedLite",
     "ExDeleteResourceLite"}},
    {RuleId::IrqlExAllocatePool, 0, 2, {"ExAllocatePoolWithTag", "ExAllocatePoolWithTagPriority",
     "ExAllocatePool", "ExAllocatePool2", "ExAllocatePool3"}},
    {RuleId::IrqlExFree3, 0, 2, {"ExFreePoolWithTag", "ExFreePool", "ExFreePool2"}},
    {RuleId::IrqlExPassive, 0, 1, {"ExCreateCallback", "ExRaiseStatus"}},
    {RuleId::IrqlExPassive, 0, 0, {"ExRaiseAccessViolation", "ExRaiseDatatypeMisalignment", "ExUuidCreate"}},
    {RuleId::IrqlApcLte, 0, 1, {"ObGetObjectSecurity", "ObReleaseObjectSecurity"}},
    {RuleId::IrqlIoDispatch, 0, 2, {"IoGetDeviceToVerify", "IoSetDeviceToVerify"}},
    {RuleId::IrqlMmDispatch, 0, 2, {"MmFreeContiguousMemory"}},
    {RuleId::IrqlObPassive, 0, 0, {"ObReferenceObjectByHandle"}},
    {RuleId::IrqlIoApcLte, 0, 1, {"IoDeleteDevice", "IoGetInitialStack"}},
    {RuleId::IrqlIoPassive1, 0, 0, {"IoAttachDevice", "IoSetDeviceInterfaceState"}},
    {RuleId::IrqlIoPassive1, 0, 1, {"IoBuildDeviceIoControlRequest", "IoCreateDevice"}},
    {RuleId::IrqlIoPassive2, 0, 0, {"IoCheckShareAccess", "IoConnectInterrupt"}},
    {RuleId::IrqlIoPassive3, 0, 0, {"IoCreateSymbolicLink", "IoDetachDevice", "IoRegisterDeviceInterface"}},
    {RuleId::IrqlIoPassive4, 0, 0, {"IoCreateFile", "IoCreateNotificationEvent", "IoCreateSynchronizationEvent",
     "IoCreateUnprotectedSymbolicLink", "IoDeleteSymbolicLink", "IoDisconnectInterrupt"}},
    {RuleId::IrqlIoPassive5, 0, 0, {"IoGetConfigurationInformation", "IoGetDeviceObjectPointer",
     "IoInitializeTimer", "IoIsWdmVersionAvailable", "IoRegisterDriverReinitialization",
     "IoRegisterShutdownNotification", "IoRemoveShareAccess", "IoSetShareAccess",
     "IoUnregisterShutdownNotification", "IoUpdateShareAccess", "IoWMIAllocateInstanceIds",
     "IoWMIRegistrationControl"}},
    {RuleId::IrqlIoRtlZwPassive, 0, 0, {"IoOpenDeviceInterfaceRegistryKey", "IoOpenDeviceRegistryKey",
     "RtlCreateRegistryKey", "RtlWriteRegistryValue", "ZwCreateFile", "ZwDeleteFile", "ZwDeleteValueKey",
     "ZwFlushBuffersFile", "ZwSetInformationFile"}},
    {RuleId::IrqlNtifsApcPassive, 0, 0, {"NtCreateFile", "NtSetInformationFile", "NtWriteFile", "ZwWriteFile"}},
    {RuleId::IrqlMmApcLte, 0, 2, {"MmAllocatePagesForMdl", "MmAllocatePagesForMdlEx", "MmFreePagesFromMdl"}},
    {RuleId::IrqlMmApcLte, 0, 1, {"MmLockPagableDataSection", "MmPageEntireDriver", "MmResetDriverPaging",
     "MmUnlockPagableImageSection"}},
    {RuleId::IrqlRtlPassive, 0, 0, {"RtlDeleteRegistryValue"}},
    {RuleId::IrqlZwPassive, 0, 0, {"NtClose", "ZwClose", "ZwCreateKey", "ZwDeleteKey", "ZwEnumerateKey",
     "ZwEnumerateValueKey", "ZwFlushKey", "ZwOpenKey", "ZwQueryKey", "ZwQueryValueKey", "ZwSetValueKey"}},
};

std::string name_of(RuleId rule) { return std::string(rule_info(rule).name); }

names fired(std::uint16_t ddi, std::uint8_t irql) {
  static Tracker tracker = [] {  // making one takes longer than judging the call
    Tracker made;
    // There is no lock or region here that could be released.
    for (const char* rule : {"LockWrongThread", "ExclusiveResourceAccess", "CriticalRegions", "GuardedRegions"})
      made.enable(rule, false);
    return made;
  }();
  EventList run;
  run.at(irql).enter(CALLBACK_Other).call(ddi);
  names result;
  for (const Finding& finding : tracker.judge(run.trace)) result.push_back(name_of(finding.rule));
  return result;
}

TEST(IrqlLists, ExactlyTheAllowedLevelsUnderTheNameOfTheRule) {
  for (const Allowed& allowed : kAllowed) {
    for (std::string_view name : allowed.ddis) {
      const std::uint16_t ddi = find_ddi(name);
      ASSERT_NE(ddi, DDI_None) << name;
      for (std::uint8_t irql : {0, 1, 2, 5, 31}) {
        const bool legal = irql >= allowed.lowest && irql <= allowed.highest;
        EXPECT_EQ(fired(ddi, irql), legal ? names{} : names{name_of(allowed.rule)}) << name << " at " << int(irql);
      }
    }
  }
}

// Only IrqlContract's own: no other rule of this family is left without a name of the table above.
TEST(IrqlLists, EveryOtherDdiIsIrqlContracts) {
  std::vector<bool> listed(DDI_COUNT);
  for (const Allowed& allowed : kAllowed)
    for (std::string_view name : allowed.ddis) listed[find_ddi(name)] = true;
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    const DdiInfo& info = ddi_info(ddi);
    for (std::uint8_t irql = 0; irql <= 31 && !listed[ddi]; ++irql) {
      const bool allowed = irql >= info.min_irql && irql <= info.max_irql;
      EXPECT_EQ(fired(ddi, irql), allowed ? names{} : names{"IrqlContract"}) << info.name << " at " << int(irql);
    }
  }
}

TEST(IrqlLists, SaysWhatIsAllowed) {
  const auto message = [](std::uint16_t ddi, std::uint8_t irql) {
    EventList run;
    return run.at(irql).enter(CALLBACK_Other).call(ddi).finding().message;
  };
  EXPECT_EQ(message(DDI_KeAcquireSpinLockRaiseToDpc, 5),
            "KeAcquireSpinLockRaiseToDpc called at IRQL 5, allowed is at most DISPATCH_LEVEL");
  EXPECT_EQ(message(DDI_PsGetVersion, 2), "PsGetVersion called at DISPATCH_LEVEL, allowed is PASSIVE_LEVEL");
  EXPECT_EQ(message(DDI_KeAcquireSpinLockAtDpcLevel, 0),
            "KeAcquireSpinLockAtDpcLevel called at PASSIVE_LEVEL, allowed is at least DISPATCH_LEVEL");
}

TEST(IrqlLists, ARuleCanBeSwitchedOffAlone) {
  EventList run;
  run.at(2).enter(CALLBACK_Other).call(DDI_PsGetVersion).call(DDI_ExAcquireFastMutex);
  EXPECT_EQ(run.fired(), (names{"IrqlPsPassive", "IrqlExApcLte1"}));
  EXPECT_EQ(run.fired({"IrqlPsPassive"}), names{"IrqlExApcLte1"});
  EXPECT_EQ(run.fired({"IrqlContract"}), (names{"IrqlPsPassive", "IrqlExApcLte1"}));
  EXPECT_EQ(run.fired({"IrqlPsPassive", "IrqlExApcLte1"}), names{});
}

// DISPATCH_LEVEL by KeRaiseIrql is as good as in a DPC.
TEST(IrqlDispatch, SilentWhenRaisedByTheDriver) {
  EventList run;
  const ObjectId lock = run.lock();
  run.enter(CALLBACK_Dispatch).raise(2).call(DDI_KeAcquireSpinLockAtDpcLevel).acquire(lock, kAtDpc);
  run.release(lock, 2, kAtDpc).lower(0).leave(CALLBACK_Dispatch);
  EXPECT_EQ(run.fired(), names{});
}

// Who frees a block is judged by who allocated it.
TEST(IrqlExFree, ByTheAllocator) {
  const auto freed = [](std::uint16_t allocator, std::uint16_t free, std::uint8_t irql) {
    EventList run;
    run.enter(CALLBACK_Other);
    const ObjectId block = run.object(OBJECT_Pool);
    run.inside(allocator).add(EVENT_PoolAlloc, block).at(irql).call(free, block).at(0);
    return run.fired();
  };
  for (std::uint16_t free : {DDI_ExFreePoolWithTag, DDI_ExFreePool}) {
    EXPECT_EQ(freed(DDI_ExAllocatePoolWithTag, free, 5), names{"IrqlExFree1"});
    EXPECT_EQ(freed(DDI_ExAllocatePoolWithTagPriority, free, 5), names{"IrqlExFree2"});
    EXPECT_EQ(freed(DDI_ExAllocatePool2, free, 5), names{"IrqlExFree3"});
    for (std::uint8_t irql : {0, 1, 2}) EXPECT_EQ(freed(DDI_ExAllocatePoolWithTag, free, irql), names{});
  }
}

TEST(IrqlLists, WhoJudgesDependsOnTheObject) {
  EventList run;
  const ObjectId mutex = run.object(OBJECT_Mutex), event = run.object(OBJECT_Event);
  EXPECT_EQ(irql_rule(run.trace, DDI_KeWaitForSingleObject, mutex), RuleId::IrqlKeWaitForMutexObject);
  EXPECT_EQ(irql_rule(run.trace, DDI_KeWaitForSingleObject, event), RuleId::IrqlContract);
  EXPECT_EQ(irql_rule(run.trace, DDI_KeWaitForSingleObject, 0), RuleId::IrqlContract);
  EXPECT_EQ(irql_rule(run.trace, DDI_KeWaitForMultipleObjects, mutex), RuleId::IrqlKeWaitForMultipleObjects);
}

TEST(IrqlLists, WrongCallsAreHarmless) {
  for (const Allowed& allowed : kAllowed) EXPECT_EQ(rule_info(allowed.rule).level, Level::harmless) << rule_info(allowed.rule).name;
}

TEST(IrqlContract, FiresWhenARoutineReturnsElsewhere) {
  for (std::uint32_t callback : kJudged) {
    EventList run;
    run.enter(callback).raise(2).leave(callback);
    EXPECT_EQ(run.fired(), names{"IrqlContract"}) << callback;
  }
}

TEST(IrqlContract, SilentWhenARoutineReturnsWhereItWasCalled) {
  for (std::uint32_t callback : kJudged) {
    EventList run;
    run.enter(callback).raise(2).lower(0).leave(callback);
    EXPECT_EQ(run.fired(), names{}) << callback;
  }
}

TEST(IrqlContract, FiresWhenADpcLowers) {
  EventList run;
  run.at(2).enter(CALLBACK_Dpc).lower(0).leave(CALLBACK_Dpc);
  EXPECT_EQ(run.fired(), names{"IrqlContract"});
  EXPECT_NE(run.finding().message.find("0xC8"), std::string::npos);
}

TEST(IrqlContract, SilentForQueueCallbackThatRaises) {
  EventList run;
  run.enter(CALLBACK_Csq).raise(2).leave(CALLBACK_Csq);
  EXPECT_EQ(run.fired(), names{});
}

TEST(IrqlContract, FiresWhenTheCancelLockIsGivenBackWithAnotherIrql) {
  EventList run;
  const ObjectId lock = run.raw_lock();
  run.at(0).acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, 2, MACH_LOCK_CANCEL);
  run.leave(CALLBACK_Cancel);
  EXPECT_EQ(run.fired(), names{"IrqlContract"});
}

TEST(IrqlContract, SilentWhenTheCancelLockIsGivenBackWithCancelIrql) {
  for (std::uint8_t irql : {0, 1, 2}) {
    EventList run;
    const ObjectId lock = run.raw_lock();
    run.at(irql).acquire(lock, MACH_LOCK_CANCEL).enter(CALLBACK_Cancel).release(lock, irql, MACH_LOCK_CANCEL);
    run.leave(CALLBACK_Cancel);
    EXPECT_EQ(run.fired(), names{});
  }
}

TEST(IrqlContract, FiresForWhatTheKernelSaw) {
  EventList run;
  run.trace.notes.push_back("KeWaitForSingleObject with a timeout at DISPATCH_LEVEL");
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::IrqlContract), 1);
  EXPECT_EQ(run.fired(), names{"IrqlContract"});
  EXPECT_EQ(run.finding().message, run.trace.notes[0]);
}

TEST(IrqlContract, SilentWhenDisabled) {
  EventList run;
  run.enter(CALLBACK_Dispatch).add(EVENT_Violation, 0, static_cast<std::uint64_t>(RuleId::IrqlContract), 0);
  EXPECT_EQ(run.fired({"IrqlContract"}), names{});
}

}  // namespace
}  // namespace wdm
