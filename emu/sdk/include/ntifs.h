/* ntifs.h of mingw-w64, with the header of a file control block as it is since Windows 8. */
#pragma once

#define _FSRTL_ADVANCED_FCB_HEADER wdm_package_fcb_header
#define FSRTL_ADVANCED_FCB_HEADER wdm_package_fcb_header_t
#define PFSRTL_ADVANCED_FCB_HEADER wdm_package_fcb_header_p
#define FsRtlSetupAdvancedHeader wdm_inline_FsRtlSetupAdvancedHeader
#include_next <ntifs.h>
#undef _FSRTL_ADVANCED_FCB_HEADER
#undef FSRTL_ADVANCED_FCB_HEADER
#undef PFSRTL_ADVANCED_FCB_HEADER
#undef FsRtlSetupAdvancedHeader

#ifdef __cplusplus
typedef struct _FSRTL_ADVANCED_FCB_HEADER : wdm_package_fcb_header {
#else
typedef struct _FSRTL_ADVANCED_FCB_HEADER {
  FSRTL_COMMON_FCB_HEADER_LAYOUT
  PFAST_MUTEX FastMutex;
  LIST_ENTRY FilterContexts;
  EX_PUSH_LOCK PushLock;
  PVOID *FileContextSupportPointer;
#endif
  union {
    OPLOCK Oplock;
    PVOID ReservedForRemote;
  };
} FSRTL_ADVANCED_FCB_HEADER, *PFSRTL_ADVANCED_FCB_HEADER;
#define FSRTL_FCB_HEADER_V2 (0x02)

FORCEINLINE VOID FsRtlSetupAdvancedHeader(PVOID Header, PFAST_MUTEX FastMutex) {
  PFSRTL_ADVANCED_FCB_HEADER header = (PFSRTL_ADVANCED_FCB_HEADER)Header;
  header->Flags |= FSRTL_FLAG_ADVANCED_HEADER;
  header->Flags2 |= FSRTL_FLAG2_SUPPORTS_FILTER_CONTEXTS;
  header->Version = FSRTL_FCB_HEADER_V2;
  InitializeListHead(&header->FilterContexts);
  if (FastMutex) header->FastMutex = FastMutex;
  *((PULONG_PTR)(&header->PushLock)) = 0;
  header->FileContextSupportPointer = NULL;
  header->Oplock = NULL;
}

typedef struct _FILE_FS_SECTOR_SIZE_INFORMATION {
  ULONG LogicalBytesPerSector;
  ULONG PhysicalBytesPerSectorForAtomicity;
  ULONG PhysicalBytesPerSectorForPerformance;
  ULONG FileSystemEffectivePhysicalBytesPerSectorForAtomicity;
  ULONG Flags;
  ULONG ByteOffsetForSectorAlignment;
  ULONG ByteOffsetForPartitionAlignment;
} FILE_FS_SECTOR_SIZE_INFORMATION, *PFILE_FS_SECTOR_SIZE_INFORMATION;
