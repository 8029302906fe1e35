/* Notification routines about processes, threads and images. No process begins or ends and no image is loaded while a driver
 * runs here; threads are those that drivers make. */
#include "emu/nt/notify.h"
#include "emu/nt/nt_families.h"

namespace nt {
namespace {

constexpr ULONG kMaxRoutines = 64; /* as on Windows */

struct Routines {
  const void* routine[kMaxRoutines];
  ULONG count;

  bool has(const void* wanted) const {
    for (ULONG i = 0; i < count; ++i)
      if (routine[i] == wanted) return true;
    return false;
  }
  NTSTATUS add(const void* wanted) {
    if (count == kMaxRoutines) return STATUS_INSUFFICIENT_RESOURCES;
    routine[count++] = wanted;
    return STATUS_SUCCESS;
  }
  NTSTATUS remove(const void* wanted) {
    for (ULONG i = 0; i < count; ++i) {
      if (routine[i] != wanted) continue;
      for (--count; i < count; ++i) routine[i] = routine[i + 1];
      return STATUS_SUCCESS;
    }
    return STATUS_PROCEDURE_NOT_FOUND;
  }
};

Routines of_processes, of_threads, of_images;

NTSTATUS set_process_routine(const void* routine, bool remove) {
  if (remove) return of_processes.remove(routine);
  if (of_processes.has(routine)) return STATUS_INVALID_PARAMETER;
  return of_processes.add(routine) == STATUS_SUCCESS ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

}  // namespace

void reset_process_notify() {
  of_processes.count = of_threads.count = of_images.count = 0;
}

void notify_thread(const Thread* thread, bool created) {
  for (ULONG i = 0; i < of_threads.count; ++i) {
    const auto routine = (PCREATE_THREAD_NOTIFY_ROUTINE)of_threads.routine[i];
    mach_enter(CALLBACK_Other, (const void*)routine, thread->object, 0);
    routine(thread->process->id, thread->id, created);
    mach_leave(CALLBACK_Other, thread->object, 0);
  }
}

const void* registered_routine() {
  const Routines* const all[] = {&of_processes, &of_threads, &of_images};
  for (const Routines* routines : all)
    if (routines->count) return routines->routine[0];
  return nullptr;
}

}  // namespace nt

extern "C" {

NTKERNELAPI NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine, BOOLEAN Remove) {
  DDI_ENTER(PsSetCreateProcessNotifyRoutine, nullptr);
  return nt::set_process_routine((const void*)NotifyRoutine, Remove);
}

NTKERNELAPI NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX NotifyRoutine,
                                                             BOOLEAN Remove) {
  DDI_ENTER(PsSetCreateProcessNotifyRoutineEx, nullptr);
  return nt::set_process_routine((const void*)NotifyRoutine, Remove);
}

NTKERNELAPI NTSTATUS NTAPI PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE NotifyRoutine) {
  DDI_ENTER(PsSetCreateThreadNotifyRoutine, nullptr);
  return nt::of_threads.add((const void*)NotifyRoutine);
}

NTKERNELAPI NTSTATUS NTAPI PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE NotifyRoutine) {
  DDI_ENTER(PsRemoveCreateThreadNotifyRoutine, nullptr);
  return nt::of_threads.remove((const void*)NotifyRoutine);
}

NTKERNELAPI NTSTATUS NTAPI PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine) {
  DDI_ENTER(PsSetLoadImageNotifyRoutine, nullptr);
  return nt::of_images.add((const void*)NotifyRoutine);
}

NTKERNELAPI NTSTATUS NTAPI PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine) {
  DDI_ENTER(PsRemoveLoadImageNotifyRoutine, nullptr);
  return nt::of_images.remove((const void*)NotifyRoutine);
}

}  // extern "C"
