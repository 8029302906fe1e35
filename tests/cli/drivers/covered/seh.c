#include <ntddk.h>

NTSTATUS Caught(ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        if (Code != 0)
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
        status = STATUS_PENDING;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}
