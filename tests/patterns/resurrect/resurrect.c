/* wdmfuzz-sample: resurrect
 * kind: seeded
 * pattern: F09
 * class: P1
 * rule: double-free, heap-use-after-free
 * function: TokenRead, TokenPut
 * line: any
 * calls: 4
 * preemptions: 1
 * A write makes the token, the next one retires it; a read looks it up and uses it. Who drops the last reference
 * takes the token off the device only then: in between a read can find it and count up again from zero.
 */
/* SPDX-License-Identifier: MIT */
#include "../pattern.h"

#define TOKEN_TAG 'nekT'

typedef struct _TOKEN {
    volatile LONG References; /* interlocked */
    BOOLEAN Retired;          /* the device's own reference is gone */
    ULONG Reads;
} TOKEN, *PTOKEN;

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock; /* guards Token and what is in it */
    PTOKEN Token;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD TokenUnload;
DRIVER_DISPATCH TokenRead, TokenWrite;

static VOID TokenPut(PDEVICE_EXTENSION Ext, PTOKEN Token)
{
    KIRQL irql;
#ifdef FIXED
    BOOLEAN last;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    last = InterlockedDecrement(&Token->References) == 0;
    if (last) {
        Ext->Token = NULL;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
#else
    BOOLEAN last = InterlockedDecrement(&Token->References) == 0;

    if (last) { /* BUG: TokenRead can find it until it is off the device */
        KeAcquireSpinLock(&Ext->Lock, &irql);
        Ext->Token = NULL;
        KeReleaseSpinLock(&Ext->Lock, irql);
    }
#endif
    if (last) {
        ExFreePoolWithTag(Token, TOKEN_TAG);
    }
}

NTSTATUS TokenRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PTOKEN token;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    token = ext->Token;
    if (token != NULL) {
        InterlockedIncrement(&token->References);
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    if (token == NULL) {
        return Complete(Irp, STATUS_DEVICE_NOT_READY, 0);
    }
    KeAcquireSpinLock(&ext->Lock, &irql);
    token->Reads++;
    KeReleaseSpinLock(&ext->Lock, irql);
    TokenPut(ext, token);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

/* The token, when it is there and was not retired before. */
static PTOKEN TokenRetire(PDEVICE_EXTENSION Ext)
{
    PTOKEN token;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    token = Ext->Token;
    if (token != NULL && token->Retired) {
        token = NULL;
    }
    if (token != NULL) {
        token->Retired = TRUE;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return token;
}

static NTSTATUS TokenMake(PDEVICE_EXTENSION Ext)
{
    PTOKEN token = ExAllocatePoolWithTag(NonPagedPool, sizeof(TOKEN), TOKEN_TAG);
    BOOLEAN used = FALSE;
    KIRQL irql;

    if (token == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    token->References = 1;
    token->Retired = FALSE;
    token->Reads = 0;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (Ext->Token == NULL) {
        Ext->Token = token;
        used = TRUE;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    if (!used) {
        ExFreePoolWithTag(token, TOKEN_TAG);
    }
    return STATUS_SUCCESS;
}

NTSTATUS TokenWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    PTOKEN token = TokenRetire(ext);
    NTSTATUS status = STATUS_SUCCESS;

    if (token != NULL) {
        TokenPut(ext, token);
    } else {
        status = TokenMake(ext);
    }
    return Complete(Irp, status, 0);
}

VOID TokenUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;
    PTOKEN token = TokenRetire(ext);

    if (token != NULL) {
        TokenPut(ext, token);
    }
    DeletePatternDevice(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    PDEVICE_EXTENSION ext;
    NTSTATUS status = CreatePatternDevice(DriverObject, sizeof(DEVICE_EXTENSION), &device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ext = device->DeviceExtension;
    KeInitializeSpinLock(&ext->Lock);
    DriverObject->MajorFunction[IRP_MJ_READ] = TokenRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = TokenWrite;
    DriverObject->DriverUnload = TokenUnload;
    return STATUS_SUCCESS;
}
