#include <ntddk.h>

volatile LONG Depth;

static LONG Recurse(LONG Value)
{
    volatile LONG Local[64];
    Local[Value & 63] = Value;
    Depth = Value;
    return Recurse(Value + 1) + Local[Value & 63];
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return Recurse(0);
}
