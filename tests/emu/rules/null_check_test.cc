#include "tests/emu/rules/said_by_the_kernel.h"

SAID_BY_THE_KERNEL(NullCheck)
