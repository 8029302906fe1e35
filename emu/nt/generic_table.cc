/* Generic tables over splay trees. An element is the tree's links, the links of the list in order of insertion, and then the
 * caller's data: RTL_SPLAY_LINKS and LIST_ENTRY are what an allocation is larger than the data. */
#include "emu/nt/splay.h"

namespace nt {
namespace {

struct Element {
  RTL_SPLAY_LINKS links;
  LIST_ENTRY order;
  m_u64 data[];
};
static_assert(sizeof(Element) == 40, "drivers size their lookaside lists by it");

typedef PRTL_GENERIC_TABLE Table;

Element* element_of(PRTL_SPLAY_LINKS links) {
  return (Element*)links;
}

RTL_GENERIC_COMPARE_RESULTS compare(Table table, PVOID wanted, PRTL_SPLAY_LINKS node) {
  mach_enter(CALLBACK_Other, (const void*)table->CompareRoutine, 0, 0);
  const RTL_GENERIC_COMPARE_RESULTS result = table->CompareRoutine(table, wanted, element_of(node)->data);
  mach_leave(CALLBACK_Other, 0, 0);
  return result;
}

TABLE_SEARCH_RESULT search(Table table, PVOID wanted, PRTL_SPLAY_LINKS* found) {
  PRTL_SPLAY_LINKS node = *found = table->TableRoot;
  if (!node) return TableEmptyTree;
  for (;;) {
    *found = node;
    const RTL_GENERIC_COMPARE_RESULTS result = compare(table, wanted, node);
    if (result == GenericEqual) return TableFoundNode;
    node = result == GenericLessThan ? node->LeftChild : node->RightChild;
    if (!node) return result == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
  }
}

Element* allocate(Table table, CLONG size) {
  mach_enter(CALLBACK_Other, (const void*)table->AllocateRoutine, 0, 0);
  auto* element = (Element*)table->AllocateRoutine(table, (CLONG)sizeof(Element) + size);
  mach_leave(CALLBACK_Other, 0, 0);
  return element;
}

void append(Table table, Element* element) {
  LIST_ENTRY* head = &table->InsertOrderList;
  element->order = {head, head->Blink};
  head->Blink->Flink = &element->order;
  head->Blink = &element->order;
  ++table->NumberGenericTableElements;
}

PVOID insert_at(Table table, PVOID data, CLONG size, PBOOLEAN is_new, PRTL_SPLAY_LINKS near, TABLE_SEARCH_RESULT where) {
  if (is_new) *is_new = where != TableFoundNode;
  if (where == TableFoundNode) {
    table->TableRoot = splay(near);
    return element_of(near)->data;
  }
  Element* element = allocate(table, size);
  if (!element) {
    if (is_new) *is_new = FALSE;
    return nullptr;
  }
  element->links = {};
  element->links.Parent = where == TableEmptyTree ? &element->links : near;
  if (where == TableInsertAsLeft) near->LeftChild = &element->links;
  if (where == TableInsertAsRight) near->RightChild = &element->links;
  append(table, element);
  __builtin_memcpy(element->data, data, size);
  table->TableRoot = splay(&element->links);
  return element->data;
}

PVOID look_up(Table table, PVOID wanted, PRTL_SPLAY_LINKS* near, TABLE_SEARCH_RESULT* where) {
  *where = search(table, wanted, near);
  if (*where != TableFoundNode) return nullptr;
  table->TableRoot = splay(*near);
  return element_of(*near)->data;
}

BOOLEAN remove(Table table, PVOID wanted) {
  PRTL_SPLAY_LINKS node;
  if (search(table, wanted, &node) != TableFoundNode) return FALSE;
  table->TableRoot = splay_delete(node);
  Element* element = element_of(node);
  element->order.Blink->Flink = element->order.Flink;
  element->order.Flink->Blink = element->order.Blink;
  --table->NumberGenericTableElements;
  table->OrderedPointer = &table->InsertOrderList;
  table->WhichOrderedElement = 0;
  mach_enter(CALLBACK_Other, (const void*)table->FreeRoutine, 0, 0);
  table->FreeRoutine(table, element);
  mach_leave(CALLBACK_Other, 0, 0);
  return TRUE;
}

PVOID by_number(Table table, ULONG index) {
  if (index >= table->NumberGenericTableElements) return nullptr;
  LIST_ENTRY* entry = table->InsertOrderList.Flink;
  while (index--) entry = entry->Flink;
  return CONTAINING_RECORD(entry, Element, order)->data;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSYSAPI VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                              PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                              PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
  DDI_ENTER(RtlInitializeGenericTable, Table);
  *Table = {};
  Table->InsertOrderList.Flink = Table->InsertOrderList.Blink = Table->OrderedPointer = &Table->InsertOrderList;
  Table->CompareRoutine = CompareRoutine;
  Table->AllocateRoutine = AllocateRoutine;
  Table->FreeRoutine = FreeRoutine;
  Table->TableContext = TableContext;
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                  PBOOLEAN NewElement) {
  DDI_ENTER(RtlInsertElementGenericTable, Table);
  PRTL_SPLAY_LINKS near;
  const TABLE_SEARCH_RESULT where = nt::search(Table, Buffer, &near);
  return nt::insert_at(Table, Buffer, BufferSize, NewElement, near, where);
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                      PBOOLEAN NewElement, PVOID NodeOrParent,
                                                      TABLE_SEARCH_RESULT SearchResult) {
  DDI_ENTER(RtlInsertElementGenericTableFull, Table);
  return nt::insert_at(Table, Buffer, BufferSize, NewElement, (PRTL_SPLAY_LINKS)NodeOrParent, SearchResult);
}

NTSYSAPI BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  DDI_ENTER(RtlDeleteElementGenericTable, Table);
  return nt::remove(Table, Buffer);
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  DDI_ENTER(RtlLookupElementGenericTable, Table);
  PRTL_SPLAY_LINKS near;
  TABLE_SEARCH_RESULT where;
  return nt::look_up(Table, Buffer, &near, &where);
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, PVOID* NodeOrParent,
                                                      TABLE_SEARCH_RESULT* SearchResult) {
  DDI_ENTER(RtlLookupElementGenericTableFull, Table);
  return nt::look_up(Table, Buffer, (PRTL_SPLAY_LINKS*)NodeOrParent, SearchResult);
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart) {
  DDI_ENTER(RtlEnumerateGenericTable, Table);
  if (!Table->TableRoot) return nullptr;
  PRTL_SPLAY_LINKS node = Restart ? nt::splay_first(Table->TableRoot) : nt::splay_successor(Table->TableRoot);
  if (!node) return nullptr;
  Table->TableRoot = nt::splay(node);
  return nt::element_of(node)->data;
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID* RestartKey) {
  DDI_ENTER(RtlEnumerateGenericTableWithoutSplaying, Table);
  if (!Table->TableRoot) return nullptr;
  auto* last = (PRTL_SPLAY_LINKS)*RestartKey;
  PRTL_SPLAY_LINKS node = last ? nt::splay_successor(last) : nt::splay_first(Table->TableRoot);
  if (node) *RestartKey = node;
  return node ? nt::element_of(node)->data : nullptr;
}

NTSYSAPI PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I) {
  DDI_ENTER(RtlGetElementGenericTable, Table);
  return nt::by_number(Table, I);
}

NTSYSAPI ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table) {
  DDI_ENTER(RtlNumberGenericTableElements, Table);
  return Table->NumberGenericTableElements;
}

NTSYSAPI BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table) {
  DDI_ENTER(RtlIsGenericTableEmpty, Table);
  return Table->TableRoot == nullptr;
}

}  // extern "C"
