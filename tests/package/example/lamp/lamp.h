/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#ifndef LAMP_TAG
#error LAMP_TAG comes from the build
#endif

typedef struct _LAMP {
    KSPIN_LOCK Lock; /* guards On */
    BOOLEAN On;
} LAMP, *PLAMP;

NTSTATUS LampComplete(PIRP Irp, NTSTATUS Status);
NTSTATUS LampWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp);
