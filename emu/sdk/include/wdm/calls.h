/*
 * DDIs the package writes out as inline code or macros. Here they are calls to a function with the DDI's own name, so
 * that the emulator sees every one of them. Reading a stack location or testing a list for emptiness stays inline.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Processor, IRQL, time. */
#undef KeQuerySystemTime
#undef KeQueryTickCount
#undef KeQueryInterruptTime
#undef PsGetCurrentProcess
#undef YieldProcessor
#undef KeGetPcr
NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID);
NTKERNELAPI VOID NTAPI KeLowerIrql(KIRQL NewIrql);
NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql);
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID);
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID);
NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumber(VOID);
NTKERNELAPI PKTHREAD NTAPI KeGetCurrentThread(VOID);
NTKERNELAPI PETHREAD NTAPI PsGetCurrentThread(VOID);
NTKERNELAPI PEPROCESS NTAPI PsGetCurrentProcess(VOID);
NTKERNELAPI VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
NTKERNELAPI VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount);
NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTime(VOID);

/* Locks and lists. */
NTKERNELAPI VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex);
NTKERNELAPI BOOLEAN NTAPI RemoveEntryList(PLIST_ENTRY Entry);
NTKERNELAPI PLIST_ENTRY NTAPI RemoveHeadList(PLIST_ENTRY ListHead);
NTKERNELAPI PLIST_ENTRY NTAPI RemoveTailList(PLIST_ENTRY ListHead);
NTKERNELAPI VOID NTAPI InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry);
NTKERNELAPI VOID NTAPI InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry);
NTKERNELAPI VOID NTAPI AppendTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListToAppend);
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI PopEntryList(PSINGLE_LIST_ENTRY ListHead);
NTKERNELAPI VOID NTAPI PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry);
#undef InterlockedPopEntrySList
#undef InterlockedPushEntrySList
#undef InterlockedFlushSList
#undef QueryDepthSList
#undef ExInterlockedPopEntrySList
#undef ExInterlockedPushEntrySList
#undef ExInterlockedFlushSList
NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedPopEntrySList(PSLIST_HEADER ListHead);
NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry);
NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedFlushSList(PSLIST_HEADER ListHead);
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock);
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry,
                                                           PKSPIN_LOCK Lock);
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedFlushSList(PSLIST_HEADER ListHead);
#define QueryDepthSList ExQueryDepthSList

/* Interlocked bits: the package maps them onto compiler intrinsics, wdm/interlocked.h has the functions. */
#undef InterlockedBitTestAndSet
#undef InterlockedBitTestAndReset
#undef InterlockedBitTestAndSet64
#undef InterlockedBitTestAndReset64

/* IRPs and MDLs. */
#undef IoSetCancelRoutine
#undef MmGetSystemAddressForMdl
#undef MmGetSystemAddressForMdlSafe
NTKERNELAPI VOID NTAPI IoMarkIrpPending(PIRP Irp);
NTKERNELAPI PDRIVER_CANCEL NTAPI IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine);
NTKERNELAPI VOID NTAPI IoSkipCurrentIrpStackLocation(PIRP Irp);
NTKERNELAPI VOID NTAPI IoSetNextIrpStackLocation(PIRP Irp);
NTKERNELAPI VOID NTAPI IoCopyCurrentIrpStackLocationToNext(PIRP Irp);
NTKERNELAPI VOID NTAPI IoSetCompletionRoutine(PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                              BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel);
NTKERNELAPI PVOID NTAPI MmGetSystemAddressForMdl(PMDL Mdl);
NTKERNELAPI PVOID NTAPI MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority);

/* Lookaside lists. */
NTKERNELAPI PVOID NTAPI ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside);
NTKERNELAPI VOID NTAPI ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry);
NTKERNELAPI PVOID NTAPI ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside);
NTKERNELAPI VOID NTAPI ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry);
NTKERNELAPI PVOID NTAPI ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside);
NTKERNELAPI VOID NTAPI ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry);

/* Ports and registers. */
#define WDM_IO_FUNCTIONS(suffix, type)                                                                        \
  NTKERNELAPI type NTAPI READ_PORT_##suffix(type *Port);                                                      \
  NTKERNELAPI VOID NTAPI WRITE_PORT_##suffix(type *Port, type Value);                                         \
  NTKERNELAPI VOID NTAPI READ_PORT_BUFFER_##suffix(type *Port, type *Buffer, ULONG Count);                    \
  NTKERNELAPI VOID NTAPI WRITE_PORT_BUFFER_##suffix(type *Port, type *Buffer, ULONG Count);                   \
  WDM_REGISTER_FUNCTIONS(suffix, type)
#define WDM_REGISTER_FUNCTIONS(suffix, type)                                                                  \
  NTKERNELAPI type NTAPI READ_REGISTER_##suffix(volatile type *Register);                                     \
  NTKERNELAPI VOID NTAPI WRITE_REGISTER_##suffix(volatile type *Register, type Value);                        \
  NTKERNELAPI VOID NTAPI READ_REGISTER_BUFFER_##suffix(volatile type *Register, type *Buffer, ULONG Count);   \
  NTKERNELAPI VOID NTAPI WRITE_REGISTER_BUFFER_##suffix(volatile type *Register, type *Buffer, ULONG Count);
WDM_IO_FUNCTIONS(UCHAR, UCHAR)
WDM_IO_FUNCTIONS(USHORT, USHORT)
WDM_IO_FUNCTIONS(ULONG, ULONG)
WDM_REGISTER_FUNCTIONS(ULONG64, ULONG64)
#undef WDM_IO_FUNCTIONS
#undef WDM_REGISTER_FUNCTIONS

/* Assertions and debug output, always on. */
#undef PAGED_CODE
#undef PAGED_ASSERT
#undef ASSERT
#undef ASSERTMSG
#undef NT_ASSERT
#undef NT_ASSERTMSG
#undef NT_ASSERTMSGW
#undef NT_VERIFY
#undef NT_VERIFYMSG
#undef NT_VERIFYMSGW
#undef RTL_SOFT_ASSERT
#undef RTL_SOFT_ASSERTMSG
#undef RTL_VERIFY
#undef RTL_VERIFYMSG
#undef RTL_SOFT_VERIFY
#undef RTL_SOFT_VERIFYMSG
#undef KdPrint
#undef KdPrintEx
#undef KdBreakPoint
#undef KdBreakPointWithStatus
#undef DbgBreakPoint
#undef DbgRaiseAssertionFailure
VOID NTAPI wdm_paged_code(VOID);
#define PAGED_CODE() wdm_paged_code()
#define PAGED_ASSERT(condition) ASSERT(condition)
/* As in the WDK: assertions and debug output are a checked build's (-D DBG=1); NT_VERIFY evaluates in both. */
#if defined(DBG) && DBG
#define ASSERT(condition) \
  ((condition) ? (VOID)0 : RtlAssert((PVOID)#condition, (PVOID)__FILE__, __LINE__, (PSTR)0))
#define ASSERTMSG(message, condition) \
  ((condition) ? (VOID)0 : RtlAssert((PVOID)#condition, (PVOID)__FILE__, __LINE__, (PSTR)(message)))
#define RTL_VERIFY(condition) \
  ((condition) ? TRUE : (RtlAssert((PVOID)#condition, (PVOID)__FILE__, __LINE__, (PSTR)0), FALSE))
#define RTL_VERIFYMSG(message, condition) \
  ((condition) ? TRUE : (RtlAssert((PVOID)#condition, (PVOID)__FILE__, __LINE__, (PSTR)(message)), FALSE))
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define KdBreakPoint() DbgBreakPoint()
#define KdBreakPointWithStatus(status) DbgBreakPointWithStatus(status)
#else
#define ASSERT(condition) ((VOID)0)
#define ASSERTMSG(message, condition) ((VOID)0)
#define RTL_VERIFY(condition) ((condition) ? TRUE : FALSE)
#define RTL_VERIFYMSG(message, condition) ((condition) ? TRUE : FALSE)
#define KdPrint(arguments) ((VOID)0)
#define KdPrintEx(arguments) ((VOID)0)
#define KdBreakPoint() ((VOID)0)
#define KdBreakPointWithStatus(status) ((VOID)0)
#endif
#define NT_ASSERT ASSERT
#define NT_ASSERTMSG ASSERTMSG
#define NT_ASSERTMSGW(message, condition) ASSERT(condition)
#define NT_VERIFY RTL_VERIFY
#define NT_VERIFYMSG RTL_VERIFYMSG
#define NT_VERIFYMSGW(message, condition) RTL_VERIFY(condition)
#define RTL_SOFT_ASSERT(condition) ((VOID)(condition))
#define RTL_SOFT_ASSERTMSG(message, condition) ((VOID)(condition))
#define RTL_SOFT_VERIFY(condition) ((condition) ? TRUE : FALSE)
#define RTL_SOFT_VERIFYMSG(message, condition) ((condition) ? TRUE : FALSE)

#ifdef __cplusplus
}
#endif
