/* hidpi.h of mingw-w64, which forgets what it needs. */
#pragma once
#include <hidusage.h>
#include_next <hidpi.h>
