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
