/* Threaded DPCs: each processor has a thread, made when it is first needed, that calls the routines at PASSIVE_LEVEL. */
#include "emu/nt/dpc.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/wait.h"

namespace nt {
namespace {

constexpr m_u32 kMaxCpus = 32;

struct Entry {
  Entry* next;
  PKDPC dpc;
};

struct Server {
  m_u32 thread; /* 0: not made yet */
  bool idle;
  Entry* first;
};

Server servers[kMaxCpus];
m_u32 unfinished; /* queued or under way */
KEVENT all_finished;
bool asked; /* whether this machine has them */
bool on;

PKDPC take(Server* server) {
  Entry* entry = server->first;
  if (!entry) return nullptr;
  server->first = entry->next;
  PKDPC dpc = entry->dpc;
  mach_pool_free(entry, 0, nullptr);
  return dpc;
}

void finish_one() {
  if (--unfinished == 0) set_event(&all_finished);
}

void serve(void* argument) {
  auto* server = (Server*)argument;
  for (;;) {
    while (PKDPC dpc = take(server)) {
      Thread* thread = current_thread();
      thread->in_threaded_dpc = true;
      run_dpc(dpc);
      thread->in_threaded_dpc = false;
      finish_one();
    }
    server->idle = true;
    mach_block(0, nullptr, nullptr);
  }
}

void wake_or_make(Server* server, m_u32 cpu, const void* pc) {
  if (!server->thread) {
    server->thread = mach_thread_create(serve, server, MACH_THREAD_WORKER, nullptr, pc);
    mach_thread_bind(server->thread, cpu);
  } else if (server->idle) {
    server->idle = false;
    mach_wake(server->thread, 0);
  }
}

}  // namespace

void reset_threaded_dpc() {
  for (Server& server : servers) server = {};
  unfinished = 0;
  asked = on = false;
}

bool threaded_dpcs_are_on() {
  if (!asked) on = mach_choose(CHOICE_ThreadedDpcsOff, 2) == 0;
  asked = true;
  return on;
}

void queue_threaded_dpc(PKDPC dpc, m_u32 cpu, const void* pc) {
  auto* entry = (Entry*)mach_pool_alloc(sizeof(Entry), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  entry->dpc = dpc;
  Entry** end = &servers[cpu].first;
  while (*end) end = &(*end)->next;
  *end = entry;
  if (unfinished++ == 0) init_event(&all_finished, NotificationEvent, false);
  wake_or_make(&servers[cpu], cpu, pc);
}

bool remove_threaded_dpc(PKDPC dpc) {
  for (Server& server : servers)
    for (Entry** at = &server.first; *at; at = &(*at)->next) {
      Entry* entry = *at;
      if (entry->dpc != dpc) continue;
      *at = entry->next;
      mach_pool_free(entry, 0, nullptr);
      finish_one();
      return true;
    }
  return false;
}

void flush_threaded_dpcs(const void* pc) {
  if (unfinished > 0) wait_event(&all_finished, pc);
}

}  // namespace nt
