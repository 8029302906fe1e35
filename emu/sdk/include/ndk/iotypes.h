/* ReactOS names for parts of the I/O manager. Its stack location with the mailslot and pipe parameters is the documented
 * one here. */
#pragma once
#include <ntifs.h>

typedef IO_STACK_LOCATION EXTENDED_IO_STACK_LOCATION, *PEXTENDED_IO_STACK_LOCATION;
