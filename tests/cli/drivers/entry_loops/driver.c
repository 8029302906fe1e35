#include <ntddk.h>

volatile LONG Never;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    while (!Never)
        ;
    return STATUS_SUCCESS;
}
