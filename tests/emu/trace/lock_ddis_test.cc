// Every routine of the WDM locking and synchronisation interface is emulated.
//
// Not in the list, since the headers make calls of others of them: KeAcquireSpinLock, KeRaiseIrql, IoRequestDpc,
// IoXxxRemoveLock, ExInterlockedCompareExchange64 and the like. KeAcquireQueuedSpinLock is reserved for the system.
#include <gtest/gtest.h>

#include "emu/trace/ddi_numbers.h"
#include "emu/trace/trace.h"

namespace wdm {
namespace {

constexpr const char* kLockDdis[] = {
    "KeInitializeSpinLock", "KeAcquireSpinLockRaiseToDpc", "KeReleaseSpinLock", "KeAcquireSpinLockAtDpcLevel",
    "KeReleaseSpinLockFromDpcLevel", "KefReleaseSpinLockFromDpcLevel", "KeTryToAcquireSpinLockAtDpcLevel",
    "KeTestSpinLock", "KeAcquireSpinLockForDpc", "KeReleaseSpinLockForDpc", "KeAcquireInStackQueuedSpinLock",
    "KeReleaseInStackQueuedSpinLock", "KeAcquireInStackQueuedSpinLockAtDpcLevel",
    "KeReleaseInStackQueuedSpinLockFromDpcLevel", "KeAcquireInStackQueuedSpinLockForDpc",
    "KeReleaseInStackQueuedSpinLockForDpc", "IoAcquireVpbSpinLock", "IoReleaseVpbSpinLock", "ExAcquireSpinLockExclusive",
    "ExAcquireSpinLockShared", "ExReleaseSpinLockExclusive", "ExReleaseSpinLockShared",
    "ExAcquireSpinLockExclusiveAtDpcLevel", "ExAcquireSpinLockSharedAtDpcLevel", "ExReleaseSpinLockExclusiveFromDpcLevel",
    "ExReleaseSpinLockSharedFromDpcLevel", "ExTryConvertSharedSpinLockExclusive",
    "ExTryAcquireSpinLockExclusiveAtDpcLevel", "ExTryAcquireSpinLockSharedAtDpcLevel", "KeAcquireInterruptSpinLock",
    "KeReleaseInterruptSpinLock", "KeSynchronizeExecution", "IoAcquireCancelSpinLock", "IoReleaseCancelSpinLock",
    "IoSetCancelRoutine", "IoCancelIrp", "IoCsqInitialize", "IoCsqInitializeEx", "IoCsqInsertIrp", "IoCsqInsertIrpEx",
    "IoCsqRemoveIrp", "IoCsqRemoveNextIrp", "ExAcquireFastMutex", "ExTryToAcquireFastMutex", "ExReleaseFastMutex",
    "ExAcquireFastMutexUnsafe", "ExReleaseFastMutexUnsafe", "KeAcquireGuardedMutex", "KeTryToAcquireGuardedMutex",
    "KeReleaseGuardedMutex", "KeAcquireGuardedMutexUnsafe", "KeReleaseGuardedMutexUnsafe", "KeEnterCriticalRegion",
    "KeLeaveCriticalRegion", "KeEnterGuardedRegion", "KeLeaveGuardedRegion", "KeInitializeMutex", "KeReleaseMutex",
    "KeReadStateMutex", "ExInitializePushLock", "ExAcquirePushLockExclusive", "ExAcquirePushLockShared",
    "ExReleasePushLockExclusive", "ExReleasePushLockShared", "ExInitializeRundownProtection",
    "ExAcquireRundownProtection", "ExReleaseRundownProtection", "ExWaitForRundownProtectionRelease",
    "ExReInitializeRundownProtection", "ExRundownCompleted", "ExInitializeResourceLite", "ExReinitializeResourceLite",
    "ExDeleteResourceLite", "ExAcquireResourceExclusiveLite", "ExAcquireResourceSharedLite",
    "ExAcquireSharedStarveExclusive", "ExAcquireSharedWaitForExclusive", "ExConvertExclusiveToSharedLite",
    "ExReleaseResourceLite", "ExReleaseResourceForThreadLite", "ExSetResourceOwnerPointer",
    "ExSetResourceOwnerPointerEx", "ExIsResourceAcquiredExclusiveLite", "ExIsResourceAcquiredSharedLite",
    "KeWaitForSingleObject", "KeWaitForMultipleObjects", "KeSetEvent", "KePulseEvent", "KeClearEvent", "KeResetEvent",
    "KeInitializeSemaphore", "KeReleaseSemaphore", "KeDelayExecutionThread", "IoStartPacket", "IoStartNextPacket",
    "IoStartNextPacketByKey", "IoSetStartIoAttributes", "KeInsertDeviceQueue", "KeInsertByKeyDeviceQueue",
    "KeRemoveDeviceQueue", "KeRemoveByKeyDeviceQueue", "KeRemoveEntryDeviceQueue", "KeInsertQueueDpc",
    "KeRemoveQueueDpc", "KeInitializeThreadedDpc", "KeSetTargetProcessorDpc", "KeFlushQueuedDpcs", "KeCancelTimer",
    "KeSetTimer", "KeSetTimerEx", "IoInitializeTimer", "IoStartTimer", "IoStopTimer", "IoQueueWorkItem",
    "IoFreeWorkItem", "IoInitializeRemoveLockEx", "IoAcquireRemoveLockEx", "IoReleaseRemoveLockEx",
    "IoReleaseRemoveLockAndWaitEx", "ExInterlockedInsertHeadList", "ExInterlockedInsertTailList",
    "ExInterlockedRemoveHeadList", "ExInterlockedPushEntryList", "ExInterlockedPopEntryList", "ExInterlockedAddUlong",
    "ExInterlockedAddLargeInteger", "ExInterlockedPushEntrySList", "ExInterlockedPopEntrySList",
    "ExInterlockedFlushSList", "InterlockedCompareExchange64"};

TEST(LockDdis, AreEmulated) {
  for (const char* name : kLockDdis) EXPECT_NE(find_ddi(name), DDI_None) << name;
}

}  // namespace
}  // namespace wdm
