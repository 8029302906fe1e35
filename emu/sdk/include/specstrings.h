#pragma once
#include_next <specstrings.h>
#include <wdm/annotations.h>
