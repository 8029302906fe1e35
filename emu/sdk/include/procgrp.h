/* Processor groups for drivers that also run on old systems, which the package lacks. */
#pragma once

#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

VOID NTAPI WdmlibProcgrpInitialize(VOID);

#ifdef __cplusplus
}
#endif
