/* Who wants to know about threads, processes and images, and what else has to be taken back before a driver is unloaded. */
#ifndef WDMFUZZ_EMU_NT_NOTIFY_H
#define WDMFUZZ_EMU_NT_NOTIFY_H

#include "emu/nt/thread.h"

namespace nt {

/* Calls the thread notification routines, in order of registration. Yields. */
void notify_thread(const Thread* thread, bool created);
/* A routine that is still registered, or null. */
const void* registered_routine();
/* The enable callback of an event provider that is still registered, or null; `*any` says whether there is a provider. */
const void* registered_provider(bool* any);

}  // namespace nt

#endif
