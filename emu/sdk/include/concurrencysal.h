#pragma once
#include_next <concurrencysal.h>
#include <wdm/annotations.h>
