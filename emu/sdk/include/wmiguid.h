/* The package has these identifiers in wdmguid.h. */
#pragma once
#include <wdmguid.h>
