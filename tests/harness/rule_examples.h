// What the examples of harness/rule_examples.def are compiled with: the names that they use, in front of each function.
#include <ntifs.h>
#include <wmilib.h>
#include <ntstrsafe.h>

#define IOCTL_SAMPLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _EXTENSION {
  PDEVICE_OBJECT Self, LowerDevice, Pdo;
  KSPIN_LOCK Lock, OtherLock;
  FAST_MUTEX FastMutex;
  KMUTEX Mutex;
  ERESOURCE Resource;
  KEVENT Event, OtherEvent;
  KTIMER Timer;
  LIST_ENTRY Queue, OtherQueue;
  IO_REMOVE_LOCK RemoveLock, OtherRemoveLock;
  IO_STATUS_BLOCK Iosb;
  WMILIB_CONTEXT WmiLibrary;
  NPAGED_LOOKASIDE_LIST Lookaside;
  PIO_WORKITEM WorkItem;
  PIRP CurrentIrp, OwnIrp;
  PVOID Buffer, Section;
  ULONG Count;
  BOOLEAN Closing, Powering;
  UCHAR Data[64];
} EXTENSION, *PEXTENSION;

// What one open of the device has, in memory from the pool.
typedef struct _SESSION {
  LIST_ENTRY Entry;
  KSPIN_LOCK Lock;
  KTIMER Timer;
  KDPC Dpc;
  KEVENT Event;
  ERESOURCE Resource;
  IO_REMOVE_LOCK RemoveLock;
  IO_CSQ Csq;
  ULONG Count;
} SESSION, *PSESSION;

typedef struct _REQUEST {
  ULONG Length;
  UCHAR Data[64];
} REQUEST, *PREQUEST;

IO_COMPLETION_ROUTINE OnCompletion;
DRIVER_CANCEL OnCancel;
REQUEST_POWER_COMPLETE OnPowered;
KSTART_ROUTINE ThreadRoutine;
IO_WORKITEM_ROUTINE WorkRoutine;
NTSTATUS SetStatusAndComplete(PIRP Irp, NTSTATUS Status);

// Each piece is the body of a function with these names.
#define EXAMPLE_FUNCTION(name)                                                                                         \
  NTSTATUS name(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_OBJECT DeviceObject,         \
                PIRP Irp, PIO_STACK_LOCATION stack, PEXTENSION x, PSESSION session, PREQUEST request,                  \
                PDEVICE_RELATIONS relations)
#define EXAMPLE_LOCALS                                                                                                 \
  KIRQL irql, innerIrql;                                                                                               \
  KLOCK_QUEUE_HANDLE queued;                                                                                           \
  KEVENT event;                                                                                                        \
  PVOID objects[2] = {&x->Event, &x->OtherEvent};                                                                      \
  IO_STATUS_BLOCK iosb;                                                                                                \
  NTSTATUS status;                                                                                                     \
  PIRP newIrp;                                                                                                         \
  PDEVICE_OBJECT device;                                                                                               \
  PFILE_OBJECT file;                                                                                                   \
  PVOID buffer;                                                                                                        \
  HANDLE handle;                                                                                                       \
  OBJECT_ATTRIBUTES attributes;                                                                                        \
  UNICODE_STRING name, deviceName;                                                                                     \
  ANSI_STRING ansi;                                                                                                    \
  PSECURITY_DESCRIPTOR descriptor;                                                                                     \
  SHARE_ACCESS share;                                                                                                  \
  UUID uuid;                                                                                                           \
  LARGE_INTEGER timeout, offset;                                                                                       \
  POWER_STATE state;                                                                                                   \
  SYSCTL_IRP_DISPOSITION disposition;                                                                                  \
  CCHAR stackSize;                                                                                                     \
  ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
