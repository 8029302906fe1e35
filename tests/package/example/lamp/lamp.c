/* A lamp that every write switches. A write of nothing takes the lamp's lock twice. */
/* SPDX-License-Identifier: MIT */
#include "lamp.h"

NTSTATUS LampComplete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID LampSwitch(PLAMP Lamp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lamp->Lock, &irql);
    Lamp->On = !Lamp->On;
    KeReleaseSpinLock(&Lamp->Lock, irql);
}

NTSTATUS LampWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLAMP lamp = DeviceObject->DeviceExtension;
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL irql;

    if (length == 0) {
        KeAcquireSpinLock(&lamp->Lock, &irql);
        LampSwitch(lamp); /* BUG: takes the lock again */
        KeReleaseSpinLock(&lamp->Lock, irql);
    } else {
        LampSwitch(lamp);
    }
    return LampComplete(Irp, STATUS_SUCCESS);
}
