/* Structured exceptions. wdmcc rewrites the keywords into what wdm/seh.h describes. */
#pragma once
#define _INC_EXCPT

#include <crtdefs.h>
#include <wdm/seh.h>
