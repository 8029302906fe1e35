/* Work items. A few system worker threads, made when they are needed, take what was queued first. */
#include "emu/nt/device.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/object_life.h"
#include "emu/nt/thread.h"

/* Opaque to drivers. */
struct _IO_WORKITEM {
  PVOID object; /* the device or driver object it belongs to */
  PVOID context;
  PIO_WORKITEM_ROUTINE routine;
  PIO_WORKITEM_ROUTINE_EX routine_ex;
};

namespace nt {
namespace {

constexpr m_u32 kMaxWorkers = 6;
constexpr ULONG kItemTag = 'tIwI';

/* In the kernel's memory: an item freed while it is queued is found when its worker reads it. */
struct Work {
  Work* next;
  void* item;
  void (*run)(void* item);
};

Work* queue;
m_u32 workers;
m_u32 idle_workers;
m_u32 idle[kMaxWorkers];

Work* take_work() {
  Work* work = queue;
  if (work) queue = work->next;
  return work;
}

void work_for_ever(void*) {
  for (;;) {
    while (Work* work = take_work()) {
      void* item = work->item;
      auto* run = work->run;
      mach_pool_free(work, 0, nullptr);
      run(item);
    }
    idle[idle_workers++] = mach_thread();
    mach_block(0, nullptr, nullptr);
  }
}

void wake_or_make_worker(const void* pc) {
  if (idle_workers > 0) return mach_wake(idle[--idle_workers], 0);
  if (workers == kMaxWorkers) return;
  ++workers;
  mach_thread_create(work_for_ever, nullptr, MACH_THREAD_WORKER, nullptr, pc);
}

bool is_queued(const void* item) {
  for (const Work* work = queue; work; work = work->next)
    if (work->item == item) return true;
  return false;
}

void add(void* item, void (*run)(void*), const void* pc) {
  auto* work = (Work*)mach_pool_alloc(sizeof(Work), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  work->item = item;
  work->run = run;
  Work** end = &queue;
  while (*end) end = &(*end)->next;
  *end = work;
  wake_or_make_worker(pc);
}

/* For an item of the driver's. */
void queue_item(void* item, void (*run)(void*), const void* pc) {
  mach_event(EVENT_WorkQueue, mach_object(OBJECT_WorkItem, item), 0, 0, pc);
  add(item, run, pc);
}

/* The routine may free the item or queue it again. The device stays until the routine has returned. */
void run_io_item(void* pointer) {
  const _IO_WORKITEM item = *(PIO_WORKITEM)pointer;
  const m_u32 object = mach_object(OBJECT_WorkItem, pointer);
  const void* code = item.routine ? (const void*)item.routine : (const void*)item.routine_ex;
  mach_enter(CALLBACK_WorkItem, code, object, 0);
  if (item.routine)
    item.routine((PDEVICE_OBJECT)item.object, item.context);
  else
    item.routine_ex(item.object, item.context, (PIO_WORKITEM)pointer);
  mach_leave(CALLBACK_WorkItem, object, 0);
  require_no_mutex(code, item.context, nullptr);
  io_dereference_object(item.object);
}

void run_ex_item(void* pointer) {
  auto* item = (PWORK_QUEUE_ITEM)pointer;
  const PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
  const PVOID parameter = item->Parameter;
  item->List.Flink = nullptr; /* it may be queued again from here on */
  const m_u32 object = mach_object(OBJECT_WorkItem, item);
  mach_enter(CALLBACK_WorkItem, (const void*)routine, object, 0);
  routine(parameter);
  mach_leave(CALLBACK_WorkItem, object, 0);
  require_no_mutex((const void*)routine, parameter, nullptr);
}

/* WORKER_INVALID: queued twice. */
void require_not_queued(PIO_WORKITEM item, const void* pc) {
  if (is_queued(item)) mach_bug_check(0xE4, 1, (m_u64)item, 0, 0, pc);
}

/* Freed or made invalid while it waits for a worker. */
void item_goes(PIO_WORKITEM item, const void* pc) {
  if (!is_queued(item)) return;
  mach_event(EVENT_ObjectFreed, mach_object(OBJECT_WorkItem, item), FREED_Memory, FREED_Queued, pc);
  mach_bug_check(0xE4, 2, (m_u64)item, 0, 0, pc);
}

void queue_io_item(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, PIO_WORKITEM_ROUTINE_EX routine_ex, PVOID context,
                   const void* pc) {
  require_not_queued(item, pc);
  item->routine = routine;
  item->routine_ex = routine_ex;
  item->context = context;
  io_reference_object(item->object);
  queue_item(item, run_io_item, pc);
}

void init_io_item(PIO_WORKITEM item, PVOID object) {
  *item = {object, nullptr, nullptr, nullptr};
}

}  // namespace

void note_work_in(const void* memory, m_u64 size, const void* pc) {
  for (const Work* work = queue; work; work = work->next)
    if (is_inside(work->item, memory, size))
      mach_event(EVENT_ObjectFreed, mach_object(OBJECT_WorkItem, work->item), FREED_Memory, FREED_Queued, pc);
}

void reset_work_item() {
  queue = nullptr;
  workers = idle_workers = 0;
}

}  // namespace nt

extern "C" {

NTKERNELAPI PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject) {
  DDI_ENTER(IoAllocateWorkItem, DeviceObject);
  auto* item = (PIO_WORKITEM)mach_pool_alloc(sizeof(_IO_WORKITEM), nt::kItemTag, 0, ddi.pc());
  if (item) nt::init_io_item(item, DeviceObject);
  return item;
}

NTKERNELAPI VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem) {
  DDI_ENTER(IoFreeWorkItem, IoWorkItem);
  nt::item_goes(IoWorkItem, ddi.pc());
  mach_pool_free(IoWorkItem, nt::kItemTag, ddi.pc());
}

NTKERNELAPI ULONG NTAPI IoSizeofWorkItem(VOID) {
  DDI_ENTER(IoSizeofWorkItem, nullptr);
  return sizeof(_IO_WORKITEM);
}

NTKERNELAPI VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem) {
  DDI_ENTER(IoInitializeWorkItem, IoWorkItem);
  nt::init_io_item(IoWorkItem, IoObject);
}

NTKERNELAPI VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem) {
  DDI_ENTER(IoUninitializeWorkItem, IoWorkItem);
  nt::item_goes(IoWorkItem, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE,
                                       PVOID Context) {
  DDI_ENTER(IoQueueWorkItem, IoWorkItem);
  nt::queue_io_item(IoWorkItem, WorkerRoutine, nullptr, Context, ddi.pc());
}

NTKERNELAPI VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                         WORK_QUEUE_TYPE, PVOID Context) {
  DDI_ENTER(IoQueueWorkItemEx, IoWorkItem);
  nt::queue_io_item(IoWorkItem, nullptr, WorkerRoutine, Context, ddi.pc());
}

NTKERNELAPI VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE) {
  DDI_ENTER(ExQueueWorkItem, WorkItem);
  if (WorkItem->List.Flink) mach_bug_check(0xE4, 1, (m_u64)WorkItem, 0, 0, ddi.pc());
  WorkItem->List.Flink = &WorkItem->List;
  nt::queue_item(WorkItem, nt::run_ex_item, ddi.pc());
}

}  // extern "C"
