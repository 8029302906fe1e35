#include "emu/nt/object_life.h"

namespace nt {

void memory_goes(const void* memory, m_u64 size, const void* pc) {
  note_waits_in(memory, size, pc);
  note_work_in(memory, size, pc);
  note_push_locks_in(memory, size, pc);
  note_lookaside_lists_in(memory, size, pc);
  note_resources_in(memory, size, pc);
  note_queues_in(memory, size, pc);
}

void image_goes(const void* pc) {
  note_resources_left(pc);
  note_lookaside_lists_left(pc);
}

}  // namespace nt
