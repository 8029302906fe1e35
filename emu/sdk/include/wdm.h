/*
 * wdm.h of mingw-w64, with two changes: what that package writes out inline but the emulator has to see becomes a call
 * (wdm/hide.h sets the inline bodies aside under another name, wdm/calls.h declares the functions), and what is newer
 * than the package is added (wdm/newer.h).
 */
#pragma once

#include <excpt.h>
#include <limits.h>
#include <ntdef.h>
#include <intrin.h>

/* Structures have their retail layout (IO_REMOVE_LOCK is the one that would differ); assertions are ours. */
#pragma push_macro("DBG")
#undef DBG
#define DBG 0

/* The package forgets the alignment of a device object, hence its size. */
#define DEVICE_OBJECT __attribute__((aligned(16))) DEVICE_OBJECT

#include <wdm/hide.h>
#include_next <wdm.h>
#include <wdm/unhide.h>

#undef DEVICE_OBJECT

#pragma pop_macro("DBG")

#include <wdm/calls.h>
#include <wdm/newer.h>
#include <pseh/pseh2.h>
