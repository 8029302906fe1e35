#pragma once
#include_next <driverspecs.h>
#include <wdm/annotations.h>
