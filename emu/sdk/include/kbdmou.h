/* kbdmou.h of mingw-w64, which forgets what it needs. */
#pragma once
#include <wdm.h>
#include <ntddkbd.h>
#include <ntddmou.h>
#ifndef WINAPI
#define WINAPI __stdcall
#endif
#include_next <kbdmou.h>
