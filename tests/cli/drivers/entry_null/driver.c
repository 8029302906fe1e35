#include <ntddk.h>

PULONG volatile Nowhere;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    *Nowhere = 1;
    return STATUS_SUCCESS;
}
