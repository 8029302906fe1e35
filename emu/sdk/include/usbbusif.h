/* usbbusif.h of mingw-w64, which forgets what it needs. */
#pragma once
#include <wdm.h>
#include <usb.h>
#include_next <usbbusif.h>
