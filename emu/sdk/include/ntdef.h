/*
 * ntdef.h of mingw-w64. Nothing is imported from a DLL here: every DDI is an ordinary function of the emulator. The
 * package defines the reparse buffer twice; the definition of ntifs.h is the one that counts.
 */
#pragma once

#define _REPARSE_DATA_BUFFER wdm_ntdef_reparse
#define REPARSE_DATA_BUFFER wdm_ntdef_reparse_t
#define PREPARSE_DATA_BUFFER wdm_ntdef_reparse_p
#include_next <ntdef.h>
#undef _REPARSE_DATA_BUFFER
#undef REPARSE_DATA_BUFFER
#undef PREPARSE_DATA_BUFFER
#undef REPARSE_DATA_BUFFER_HEADER_SIZE

#undef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT
