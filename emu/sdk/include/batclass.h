/* batclass.h of mingw-w64; what it needs is in the package's outer poclass.h. */
#pragma once
#include <wdm.h>
#include <poclass.h>
#include_next <batclass.h>
