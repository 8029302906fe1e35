/* The kernel's thread and process objects: what a PETHREAD or PKTHREAD points to. */
#ifndef WDMFUZZ_EMU_NT_THREAD_H
#define WDMFUZZ_EMU_NT_THREAD_H

#include "emu/nt/nt.h"

namespace nt {

struct Process {
  DISPATCHER_HEADER header;
  HANDLE id;
};

struct Thread {
  DISPATCHER_HEADER header; /* signaled when the thread has ended */
  Thread* next;             /* in order of creation */
  m_u32 number;             /* the machine's */
  m_u32 object;             /* number in the trace */
  HANDLE id;
  Process* process;
  LONG references;
  bool system; /* made by PsCreateSystemThread */
  bool ended;
  KPRIORITY priority;
  PKSTART_ROUTINE start;
  PVOID context;

  /* Regions, as counters of how often they were entered. */
  LONG critical_regions;
  LONG guarded_regions;
  LIST_ENTRY mutexes; /* KMUTEXes it owns, by MutantListEntry */

  /* The wait it is in. */
  bool waiting;
  bool wait_all;
  bool wait_in_user_mode; /* an APC can end it */
  NTSTATUS wait_status;
  m_u32 wait_count;
  PKWAIT_BLOCK wait_blocks;
  KWAIT_BLOCK own_wait_blocks[MAXIMUM_WAIT_OBJECTS];
  char time_limit; /* its address is the machine timer of a wait with a time limit */

  bool in_threaded_dpc; /* must not wait, although its IRQL would allow it */

  /* KeSetEvent and its like with Wait = TRUE: the IRQL to go back to in the wait that follows. */
  bool wait_next;
  KIRQL wait_irql;

  PIRP top_level_irp;
  PDEVICE_OBJECT device_to_verify;
  PVOID impersonation; /* the token of whom it acts for, or null */
};

/* The thread that runs now. */
Thread* current_thread();
/* The oldest thread object; follow `next`. */
Thread* first_thread();
/* The thread whose `time_limit` is at `address`, or null. */
Thread* thread_of_time_limit(const void* address);
/* Ends the running thread: signals it and drops its own reference. Does not return. */
[[noreturn]] void end_thread();
/* SYSTEM_EXIT_OWNED_MUTEX unless the running thread has released all mutexes: a work item's `routine` has returned. */
void require_no_mutex(const void* routine, const void* context, const void* pc);
/* KeLeaveCriticalRegion, without its scheduling points. */
void leave_critical_region(const void* pc);
/* APC_INDEX_MISMATCH unless the running thread has left all regions: it is about to return to user mode. */
void require_regions_left(const void* pc);
/* Process of threads made by the kernel and by drivers, and of those that send requests. */
Process* system_process();
Process* client_process();
bool is_thread(const void* object);
bool is_process(const void* object);
void reference_thread(Thread* thread);
/* With the last reference the memory goes, so that a stale pointer is seen. */
void dereference_thread(Thread* thread);

}  // namespace nt

#endif
