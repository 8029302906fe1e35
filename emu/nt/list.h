/* Doubly linked lists, with the checks of Windows 8: a list whose links do not agree stops the machine (bug check
 * 0x139, 3). None of these is a scheduling point. */
#ifndef WDMFUZZ_EMU_NT_LIST_H
#define WDMFUZZ_EMU_NT_LIST_H

#include "emu/nt/nt.h"

namespace nt {

inline bool list_is_empty(const LIST_ENTRY* head) {
  return head->Flink == head;
}
void list_insert_tail(PLIST_ENTRY head, PLIST_ENTRY entry, const void* pc);
void list_insert_head(PLIST_ENTRY head, PLIST_ENTRY entry, const void* pc);
/* True when the list is empty now. */
bool list_remove(PLIST_ENTRY entry, const void* pc);

}  // namespace nt

#endif
