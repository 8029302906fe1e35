/* ntddk.h of mingw-w64 on top of our wdm.h; two more inline bodies are set aside here. */
#pragma once

#define _NTDDK_
#if !defined(_NTHAL_) && !defined(_NTIFS_)
#define _NTDDK_INCLUDED_
#define _DDK_DRIVER_
#endif

#include <wdm.h>

#define KeGetPcr wdm_inline_KeGetPcr
#define KeGetCurrentProcessorNumber wdm_inline_KeGetCurrentProcessorNumber
#include_next <ntddk.h>
#undef KeGetPcr
#undef KeGetCurrentProcessorNumber

/* Role types the package has only as pointers. With RTL_USE_AVL_TABLES the generic names are macros for those of AVL tables. */
typedef RTL_GENERIC_COMPARE_RESULTS NTAPI RTL_AVL_COMPARE_ROUTINE(struct _RTL_AVL_TABLE *Table, PVOID First,
                                                                  PVOID Second);
typedef PVOID NTAPI RTL_AVL_ALLOCATE_ROUTINE(struct _RTL_AVL_TABLE *Table, CLONG ByteSize);
typedef VOID NTAPI RTL_AVL_FREE_ROUTINE(struct _RTL_AVL_TABLE *Table, PVOID Buffer);
#ifndef RTL_USE_AVL_TABLES
typedef RTL_GENERIC_COMPARE_RESULTS NTAPI RTL_GENERIC_COMPARE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, PVOID First,
                                                                      PVOID Second);
typedef PVOID NTAPI RTL_GENERIC_ALLOCATE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, CLONG ByteSize);
typedef VOID NTAPI RTL_GENERIC_FREE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, PVOID Buffer);
#endif
