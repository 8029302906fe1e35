#pragma once
#include_next <sal.h>
#include <wdm/annotations.h>
