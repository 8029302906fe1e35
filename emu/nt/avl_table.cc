/* Generic tables over AVL trees. An element is RTL_BALANCED_LINKS and then the caller's data. The tree hangs to the right of
 * the table's own links, as on Windows. */
#include "emu/nt/nt.h"

namespace nt {
namespace {

typedef PRTL_BALANCED_LINKS Node;
typedef PRTL_AVL_TABLE Table;

static_assert(sizeof(RTL_BALANCED_LINKS) == 32, "drivers size their lookaside lists by it");

void* data_of(Node node) {
  return node + 1;
}

Node root_of(Table table) {
  return table->BalancedRoot.RightChild;
}

RTL_GENERIC_COMPARE_RESULTS compare(Table table, PVOID wanted, Node node) {
  mach_enter(CALLBACK_Other, (const void*)table->CompareRoutine, 0, 0);
  const RTL_GENERIC_COMPARE_RESULTS result = table->CompareRoutine(table, wanted, data_of(node));
  mach_leave(CALLBACK_Other, 0, 0);
  return result;
}

TABLE_SEARCH_RESULT search(Table table, PVOID wanted, Node* found) {
  Node node = *found = root_of(table);
  if (!node) return TableEmptyTree;
  for (;;) {
    *found = node;
    const RTL_GENERIC_COMPARE_RESULTS result = compare(table, wanted, node);
    if (result == GenericEqual) return TableFoundNode;
    node = result == GenericLessThan ? node->LeftChild : node->RightChild;
    if (!node) return result == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
  }
}

/* --- balance ----------------------------------------------------------------------------------------------------------- */

bool is_left(Node node) {
  return node->Parent->LeftChild == node;
}

void replace(Node node, Node child) {
  (is_left(node) ? node->Parent->LeftChild : node->Parent->RightChild) = child;
  if (child) child->Parent = node->Parent;
}

/* Turns the edge between the node and its parent. */
void rotate(Node node) {
  Node parent = node->Parent;
  const bool left = is_left(node);
  replace(parent, node);
  Node moved = left ? node->RightChild : node->LeftChild;
  (left ? parent->LeftChild : parent->RightChild) = moved;
  if (moved) moved->Parent = parent;
  (left ? node->RightChild : node->LeftChild) = parent;
  parent->Parent = node;
}

/* Balance is the height of the right subtree less that of the left one. The node leans by two to the side `sign`. Returns
 * the node that is on top afterwards; `*shorter` says whether the subtree has lost a level. */
Node rebalance(Node node, CHAR sign, bool* shorter) {
  Node child = sign > 0 ? node->RightChild : node->LeftChild;
  if (child->Balance != -sign) {
    rotate(child);
    *shorter = child->Balance != 0;
    node->Balance = *shorter ? (CHAR)0 : sign;
    child->Balance = *shorter ? (CHAR)0 : (CHAR)-sign;
    return child;
  }
  Node grandchild = sign > 0 ? child->LeftChild : child->RightChild;
  rotate(grandchild);
  rotate(grandchild);
  node->Balance = grandchild->Balance == sign ? (CHAR)-sign : (CHAR)0;
  child->Balance = grandchild->Balance == -sign ? sign : (CHAR)0;
  grandchild->Balance = 0;
  *shorter = true;
  return grandchild;
}

void grew(Table table, Node node) {
  for (; node->Parent != &table->BalancedRoot; node = node->Parent) {
    const CHAR side = is_left(node) ? -1 : 1;
    Node parent = node->Parent;
    if (parent->Balance == -side) {
      parent->Balance = 0;
      return;
    }
    if (parent->Balance == side) {
      bool shorter;
      rebalance(parent, side, &shorter);
      return;
    }
    parent->Balance = side;
  }
  ++table->DepthOfTree;
}

/* The subtree of `parent` on the side `side` has lost a level. */
void shrank(Table table, Node parent, CHAR side) {
  while (parent != &table->BalancedRoot) {
    Node top = parent;
    if (parent->Balance == 0) {
      parent->Balance = (CHAR)-side;
      return;
    }
    bool shorter = true;
    if (parent->Balance == side)
      parent->Balance = 0;
    else
      top = rebalance(parent, (CHAR)-side, &shorter);
    if (!shorter) return;
    side = is_left(top) ? -1 : 1;
    parent = top->Parent;
  }
  --table->DepthOfTree;
}

/* --- insertion and removal ---------------------------------------------------------------------------------------------- */

PVOID insert_at(Table table, PVOID data, CLONG size, PBOOLEAN is_new, Node near, TABLE_SEARCH_RESULT where) {
  if (is_new) *is_new = where != TableFoundNode;
  if (where == TableFoundNode) return data_of(near);
  mach_enter(CALLBACK_Other, (const void*)table->AllocateRoutine, 0, 0);
  auto* node = (Node)table->AllocateRoutine(table, (CLONG)sizeof(RTL_BALANCED_LINKS) + size);
  mach_leave(CALLBACK_Other, 0, 0);
  if (!node) {
    if (is_new) *is_new = FALSE;
    return nullptr;
  }
  *node = {};
  node->Parent = where == TableEmptyTree ? &table->BalancedRoot : near;
  if (where == TableInsertAsLeft)
    near->LeftChild = node;
  else
    node->Parent->RightChild = node;
  __builtin_memcpy(data_of(node), data, size);
  ++table->NumberGenericTableElements;
  grew(table, node);
  return data_of(node);
}

/* Exchanges a node that has two children with its successor, which has no left child. */
void swap_with_successor(Node node) {
  Node other = node->RightChild;
  while (other->LeftChild) other = other->LeftChild;
  const RTL_BALANCED_LINKS before = *node;
  const Node moved = other->RightChild;
  const CHAR balance = other->Balance;
  if (other->Parent == node) {
    replace(node, other);
    other->RightChild = node;
    node->Parent = other;
  } else {
    Node parent = other->Parent;
    replace(node, other);
    parent->LeftChild = node;
    node->Parent = parent;
    other->RightChild = before.RightChild;
    other->RightChild->Parent = other;
  }
  other->LeftChild = before.LeftChild;
  other->LeftChild->Parent = other;
  other->Balance = before.Balance;
  node->Balance = balance;
  node->RightChild = moved;
  node->LeftChild = nullptr;
  if (moved) moved->Parent = node;
}

void take_out(Table table, Node node) {
  if (node->LeftChild && node->RightChild) swap_with_successor(node);
  const CHAR side = is_left(node) ? -1 : 1;
  replace(node, node->LeftChild ? node->LeftChild : node->RightChild);
  shrank(table, node->Parent, side);
  --table->NumberGenericTableElements;
}

/* --- order ------------------------------------------------------------------------------------------------------------- */

Node first(Table table) {
  Node node = root_of(table);
  while (node && node->LeftChild) node = node->LeftChild;
  return node;
}

Node successor(Table table, Node node) {
  if (node->RightChild) {
    for (node = node->RightChild; node->LeftChild; node = node->LeftChild) {
    }
    return node;
  }
  while (node->Parent != &table->BalancedRoot && !is_left(node)) node = node->Parent;
  return node->Parent == &table->BalancedRoot ? nullptr : node->Parent;
}

BOOLEAN remove(Table table, PVOID wanted) {
  Node node;
  if (search(table, wanted, &node) != TableFoundNode) return FALSE;
  /* Who enumerates goes on behind the one before it. */
  if (node == table->RestartKey) {
    Node before = nullptr;
    for (Node each = first(table); each != node; each = successor(table, each)) before = each;
    table->RestartKey = before;
  }
  ++table->DeleteCount;
  take_out(table, node);
  mach_enter(CALLBACK_Other, (const void*)table->FreeRoutine, 0, 0);
  table->FreeRoutine(table, node);
  mach_leave(CALLBACK_Other, 0, 0);
  return TRUE;
}

PVOID look_up(Table table, PVOID wanted, Node* near, TABLE_SEARCH_RESULT* where) {
  *where = search(table, wanted, near);
  return *where == TableFoundNode ? data_of(*near) : nullptr;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSYSAPI VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                                 PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                                 PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
  DDI_ENTER(RtlInitializeGenericTableAvl, Table);
  *Table = {};
  Table->BalancedRoot.Parent = &Table->BalancedRoot;
  Table->CompareRoutine = CompareRoutine;
  Table->AllocateRoutine = AllocateRoutine;
  Table->FreeRoutine = FreeRoutine;
  Table->TableContext = TableContext;
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                     PBOOLEAN NewElement) {
  DDI_ENTER(RtlInsertElementGenericTableAvl, Table);
  PRTL_BALANCED_LINKS near;
  const TABLE_SEARCH_RESULT where = nt::search(Table, Buffer, &near);
  return nt::insert_at(Table, Buffer, BufferSize, NewElement, near, where);
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                         PBOOLEAN NewElement, PVOID NodeOrParent,
                                                         TABLE_SEARCH_RESULT SearchResult) {
  DDI_ENTER(RtlInsertElementGenericTableFullAvl, Table);
  return nt::insert_at(Table, Buffer, BufferSize, NewElement, (PRTL_BALANCED_LINKS)NodeOrParent, SearchResult);
}

NTSYSAPI BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
  DDI_ENTER(RtlDeleteElementGenericTableAvl, Table);
  return nt::remove(Table, Buffer);
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
  DDI_ENTER(RtlLookupElementGenericTableAvl, Table);
  PRTL_BALANCED_LINKS near;
  TABLE_SEARCH_RESULT where;
  return nt::look_up(Table, Buffer, &near, &where);
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID* NodeOrParent,
                                                         TABLE_SEARCH_RESULT* SearchResult) {
  DDI_ENTER(RtlLookupElementGenericTableFullAvl, Table);
  return nt::look_up(Table, Buffer, (PRTL_BALANCED_LINKS*)NodeOrParent, SearchResult);
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart) {
  DDI_ENTER(RtlEnumerateGenericTableAvl, Table);
  if (Restart) Table->RestartKey = nullptr;
  PRTL_BALANCED_LINKS node = Table->RestartKey ? nt::successor(Table, Table->RestartKey) : nt::first(Table);
  if (!node) return nullptr;
  Table->RestartKey = node;
  return nt::data_of(node);
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID* RestartKey) {
  DDI_ENTER(RtlEnumerateGenericTableWithoutSplayingAvl, Table);
  auto* last = (PRTL_BALANCED_LINKS)*RestartKey;
  PRTL_BALANCED_LINKS node = last ? nt::successor(Table, last) : nt::first(Table);
  if (!node) return nullptr;
  *RestartKey = node;
  return nt::data_of(node);
}

NTSYSAPI PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I) {
  DDI_ENTER(RtlGetElementGenericTableAvl, Table);
  PRTL_BALANCED_LINKS node = nt::first(Table);
  while (node && I--) node = nt::successor(Table, node);
  return node ? nt::data_of(node) : nullptr;
}

NTSYSAPI ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table) {
  DDI_ENTER(RtlNumberGenericTableElementsAvl, Table);
  return Table->NumberGenericTableElements;
}

NTSYSAPI BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table) {
  DDI_ENTER(RtlIsGenericTableEmptyAvl, Table);
  return Table->NumberGenericTableElements == 0;
}

}  // extern "C"
