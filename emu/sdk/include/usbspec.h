/* usbspec.h of mingw-w64, which forgets what it needs. */
#pragma once
#include <guiddef.h>
#include_next <usbspec.h>
