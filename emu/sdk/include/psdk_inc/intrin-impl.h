/* winnt.h and winbase.h ask for inline intrinsics here; ours are functions of the emulator. */
#include <intrin.h>
