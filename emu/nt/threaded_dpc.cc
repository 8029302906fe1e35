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
  m_u64 number; /* in order of queueing, from 1 */
};

struct Server {
  m_u32 thread; /* 0: not made yet */
  bool idle;
  Entry* first;
  m_u64 running; /* number of the entry under way, or 0 */
};

Server servers[kMaxCpus];
m_u64 queued; /* so far */
KEVENT one_finished;
bool asked; /* whether this machine has them */
bool on;

PKDPC take(Server* server) {
  Entry* entry = server->first;
  if (!entry) return nullptr;
  server->first = entry->next;
  PKDPC dpc = entry->dpc;
  server->running = entry->number;
  mach_pool_free(entry, 0, nullptr);
  return dpc;
}

/* Is one of the first `count` queued or under way? */
bool unfinished(m_u64 count) {
  for (const Server& server : servers) {
    if (server.running && server.running <= count) return true;
    if (server.first && server.first->number <= count) return true;
  }
  return false;
}

void serve(void* argument) {
  auto* server = (Server*)argument;
  for (;;) {
    while (PKDPC dpc = take(server)) {
      Thread* thread = current_thread();
      thread->in_threaded_dpc = true;
      run_dpc(dpc);
      thread->in_threaded_dpc = false;
      server->running = 0;
      set_event(&one_finished);
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
  queued = 0;
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
  entry->number = ++queued;
  Entry** end = &servers[cpu].first;
  while (*end) end = &(*end)->next;
  *end = entry;
  if (queued == 1) init_event(&one_finished, NotificationEvent, false);
  wake_or_make(&servers[cpu], cpu, pc);
}

bool remove_threaded_dpc(PKDPC dpc) {
  for (Server& server : servers)
    for (Entry** at = &server.first; *at; at = &(*at)->next) {
      Entry* entry = *at;
      if (entry->dpc != dpc) continue;
      *at = entry->next;
      mach_pool_free(entry, 0, nullptr);
      set_event(&one_finished);
      return true;
    }
  return false;
}

void flush_threaded_dpcs(const void* pc) {
  const m_u64 count = queued;
  while (unfinished(count)) {
    one_finished.Header.SignalState = 0;
    wait_event(&one_finished, pc);
  }
}

}  // namespace nt
