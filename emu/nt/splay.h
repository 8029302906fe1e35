/* Splay trees, as drivers and generic tables have them: the root is its own parent. No scheduling points. */
#ifndef WDMFUZZ_EMU_NT_SPLAY_H
#define WDMFUZZ_EMU_NT_SPLAY_H

#include "emu/nt/nt.h"

namespace nt {

/* Moves the node to the root of its tree and returns it. */
PRTL_SPLAY_LINKS splay(PRTL_SPLAY_LINKS node);
/* Takes the node out; returns the root of what is left, or null. */
PRTL_SPLAY_LINKS splay_delete(PRTL_SPLAY_LINKS node);
/* The next and the previous one in the tree's order, or null. */
PRTL_SPLAY_LINKS splay_successor(PRTL_SPLAY_LINKS node);
PRTL_SPLAY_LINKS splay_predecessor(PRTL_SPLAY_LINKS node);
/* First in the order of the tree with this root. */
PRTL_SPLAY_LINKS splay_first(PRTL_SPLAY_LINKS root);

}  // namespace nt

#endif
