/* What drivers use of this header of ReactOS: the port that the kernel debugger has taken, or null. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif
extern NTHALAPI PUCHAR KdComPortInUse;
#ifdef __cplusplus
}
#endif
