/* Threads and processes. A thread object exists from the first time anybody asks for it; those of system threads from
 * PsCreateSystemThread on, and until the thread has ended and nobody refers to it. */
#include "emu/nt/thread.h"

#include "emu/nt/handle.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr m_u32 kMachineThreads = 64;
constexpr KPRIORITY kNormalPriority = 8;

Thread* threads;
Thread* running[kMachineThreads]; /* by the machine's number */
Process processes[2];             /* the system's, the client's */
ULONG_PTR last_id;

Thread* new_thread(Process* process) {
  auto* thread = (Thread*)mach_pool_alloc(sizeof(Thread), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  init_dispatcher(&thread->header, TypeThread, sizeof(Thread), 0);
  thread->mutexes.Flink = thread->mutexes.Blink = &thread->mutexes;
  thread->object = mach_object(OBJECT_Thread, thread);
  thread->process = process;
  thread->id = (HANDLE)(last_id += 4);
  thread->priority = kNormalPriority;
  thread->references = 1;
  Thread** end = &threads;
  while (*end) end = &(*end)->next;
  return *end = thread;
}

void run(void* argument) {
  auto* thread = (Thread*)argument;
  mach_enter(CALLBACK_Thread, (const void*)thread->start, thread->object, 0);
  thread->start(thread->context);
  mach_leave(CALLBACK_Thread, thread->object, 0);
  end_thread();
}

Thread* find_by_id(HANDLE id) {
  for (Thread* thread = threads; thread; thread = thread->next)
    if (thread->id == id && !thread->ended) return thread;
  return nullptr;
}

void set_client_id(PCLIENT_ID id, Thread* thread) {
  if (!id) return;
  id->UniqueProcess = thread->process->id;
  id->UniqueThread = thread->id;
}

NTSTATUS create_system_thread(PHANDLE handle, PCLIENT_ID id, PKSTART_ROUTINE start, PVOID context, const void* pc) {
  Thread* thread = new_thread(system_process());
  thread->system = true;
  thread->start = start;
  thread->context = context;
  ++thread->references; /* the handle's */
  *handle = handle_for(thread, ObjectKind::thread);
  set_client_id(id, thread);
  thread->number = mach_thread_create(run, thread, MACH_THREAD_SYSTEM, thread, pc);
  running[thread->number] = thread;
  return STATUS_SUCCESS;
}

constexpr UCHAR kProcessObject = 3;

void init_process(Process* process, ULONG_PTR id) {
  init_dispatcher(&process->header, kProcessObject, sizeof(Process), 0);
  process->id = (HANDLE)id;
}

}  // namespace

void reset_thread() {
  threads = nullptr;
  for (Thread*& thread : running) thread = nullptr;
  last_id = 0x100;
  init_process(&processes[0], 4);
  init_process(&processes[1], 0x400);
  PsInitialSystemProcess = (PEPROCESS)&processes[0];
}

Process* system_process() {
  return &processes[0];
}
Process* client_process() {
  return &processes[1];
}
Thread* first_thread() {
  return threads;
}

Thread* current_thread() {
  const m_u32 number = mach_thread();
  if (running[number]) return running[number];
  Thread* thread = new_thread(mach_thread_kind(number) == MACH_THREAD_USER ? client_process() : system_process());
  thread->number = number;
  return running[number] = thread;
}

Thread* thread_of_time_limit(const void* address) {
  for (Thread* thread = threads; thread; thread = thread->next)
    if (&thread->time_limit == address) return thread;
  return nullptr;
}

bool is_thread(const void* object) {
  for (const Thread* thread = threads; thread; thread = thread->next)
    if (thread == object) return true;
  return false;
}

bool is_process(const void* object) {
  return object == &processes[0] || object == &processes[1];
}

void reference_thread(Thread* thread) {
  ++thread->references;
}

void dereference_thread(Thread* thread) {
  if (--thread->references > 0) return;
  Thread** at = &threads;
  while (*at != thread) at = &(*at)->next;
  *at = thread->next;
  mach_pool_free(thread, 0, nullptr);
}

void end_thread() {
  Thread* thread = current_thread();
  if (thread->mutexes.Flink != &thread->mutexes) /* THREAD_TERMINATE_HELD_MUTEX */
    mach_bug_check(0x4000008A, (m_u64)thread, (m_u64)thread->mutexes.Flink, 0, 0, nullptr);
  thread->ended = true;
  thread->header.SignalState = 1;
  satisfy_waiters(&thread->header);
  running[thread->number] = nullptr;
  dereference_thread(thread);
  mach_thread_exit();
}

}  // namespace nt

extern "C" {

PEPROCESS PsInitialSystemProcess;

NTKERNELAPI NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG, POBJECT_ATTRIBUTES, HANDLE ProcessHandle,
                                                PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext) {
  DDI_ENTER(PsCreateSystemThread, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  if (ProcessHandle && ProcessHandle != NtCurrentProcess()) mach_not_emulated("PsCreateSystemThread with a process");
  return nt::create_system_thread(ThreadHandle, ClientId, StartRoutine, StartContext, ddi.pc());
}

/* Does not return when it succeeds. */
NTKERNELAPI NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS) {
  DDI_ENTER(PsTerminateSystemThread, nullptr);
  if (!nt::current_thread()->system) return STATUS_INVALID_PARAMETER;
  nt::end_thread();
}

NTKERNELAPI PKTHREAD NTAPI KeGetCurrentThread(VOID) {
  DDI_ENTER(KeGetCurrentThread, nullptr);
  return (PKTHREAD)nt::current_thread();
}

NTKERNELAPI PETHREAD NTAPI PsGetCurrentThread(VOID) {
  DDI_ENTER(PsGetCurrentThread, nullptr);
  return (PETHREAD)nt::current_thread();
}

NTKERNELAPI HANDLE NTAPI PsGetCurrentThreadId(VOID) {
  DDI_ENTER(PsGetCurrentThreadId, nullptr);
  return nt::current_thread()->id;
}

NTKERNELAPI HANDLE NTAPI PsGetThreadId(PETHREAD Thread) {
  DDI_ENTER(PsGetThreadId, Thread);
  return ((nt::Thread*)Thread)->id;
}

NTKERNELAPI HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread) {
  DDI_ENTER(PsGetThreadProcessId, Thread);
  return ((nt::Thread*)Thread)->process->id;
}

NTKERNELAPI BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread) {
  DDI_ENTER(PsIsSystemThread, Thread);
  return ((nt::Thread*)Thread)->process == nt::system_process();
}

NTKERNELAPI BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread) {
  DDI_ENTER(PsIsThreadTerminating, Thread);
  return ((nt::Thread*)Thread)->ended;
}

NTKERNELAPI NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE UniqueThreadId, PETHREAD* Thread) {
  DDI_ENTER(PsLookupThreadByThreadId, nullptr);
  nt::Thread* thread = nt::find_by_id(UniqueThreadId);
  if (!thread) return STATUS_INVALID_PARAMETER;
  nt::reference_thread(thread);
  *Thread = (PETHREAD)thread;
  return STATUS_SUCCESS;
}

NTKERNELAPI PEPROCESS NTAPI IoGetCurrentProcess(VOID) {
  DDI_ENTER(IoGetCurrentProcess, nullptr);
  return (PEPROCESS)nt::current_thread()->process;
}

NTKERNELAPI PEPROCESS NTAPI PsGetCurrentProcess(VOID) {
  DDI_ENTER(PsGetCurrentProcess, nullptr);
  return (PEPROCESS)nt::current_thread()->process;
}

NTKERNELAPI HANDLE NTAPI PsGetCurrentProcessId(VOID) {
  DDI_ENTER(PsGetCurrentProcessId, nullptr);
  return nt::current_thread()->process->id;
}

NTKERNELAPI HANDLE NTAPI PsGetProcessId(PEPROCESS Process) {
  DDI_ENTER(PsGetProcessId, Process);
  return ((nt::Process*)Process)->id;
}

NTKERNELAPI NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process) {
  DDI_ENTER(PsLookupProcessByProcessId, nullptr);
  nt::Process* const known[] = {nt::system_process(), nt::client_process()};
  for (nt::Process* process : known) {
    if (process->id != ProcessId) continue;
    *Process = (PEPROCESS)process;
    return STATUS_SUCCESS;
  }
  return STATUS_INVALID_PARAMETER;
}

NTKERNELAPI KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
  DDI_ENTER(KeSetPriorityThread, Thread);
  auto* thread = (nt::Thread*)Thread;
  const KPRIORITY old = thread->priority;
  thread->priority = Priority;
  return old;
}

NTKERNELAPI KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread) {
  DDI_ENTER(KeQueryPriorityThread, Thread);
  return ((nt::Thread*)Thread)->priority;
}

NTKERNELAPI KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID) {
  DDI_ENTER(ExGetPreviousMode, nullptr);
  return mach_thread_kind(mach_thread()) == MACH_THREAD_USER ? UserMode : KernelMode;
}

}  // extern "C"
