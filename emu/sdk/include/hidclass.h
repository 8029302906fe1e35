/* hidclass.h of mingw-w64, which forgets what it needs. */
#pragma once
#include <wdm.h>
#include <hidusage.h>
#include_next <hidclass.h>
