#include "tests/emu/nt/check.h"

namespace {

LONG allocations;
bool no_memory;

RTL_GENERIC_COMPARE_RESULTS order(PVOID a, PVOID b) {
  const ULONG x = *(ULONG*)a, y = *(ULONG*)b;
  return x < y ? GenericLessThan : x > y ? GenericGreaterThan : GenericEqual;
}

PVOID allocate(CLONG size) {
  if (no_memory) return nullptr;
  ++allocations;
  return ExAllocatePoolWithTag(NonPagedPool, size, 'tseT');
}

void release(PVOID block) {
  --allocations;
  ExFreePoolWithTag(block, 'tseT');
}

RTL_GENERIC_COMPARE_RESULTS NTAPI splay_order(PRTL_GENERIC_TABLE, PVOID a, PVOID b) {
  return order(a, b);
}
PVOID NTAPI splay_allocate(PRTL_GENERIC_TABLE, CLONG size) {
  CHECK(size == 40 + sizeof(ULONG));
  return allocate(size);
}
VOID NTAPI splay_free(PRTL_GENERIC_TABLE, PVOID block) {
  release(block);
}
RTL_GENERIC_COMPARE_RESULTS NTAPI avl_order(PRTL_AVL_TABLE, PVOID a, PVOID b) {
  return order(a, b);
}
PVOID NTAPI avl_allocate(PRTL_AVL_TABLE, CLONG size) {
  CHECK(size == 32 + sizeof(ULONG));
  return allocate(size);
}
VOID NTAPI avl_free(PRTL_AVL_TABLE, PVOID block) {
  release(block);
}

/* Numbers in an order of no pattern, the same every time. */
ULONG scrambled(ULONG i) {
  return i * 37 % 101;
}

/* The height of the subtree, or -1 when it is no AVL tree. */
int height(PRTL_BALANCED_LINKS node) {
  if (!node) return 0;
  const int left = height(node->LeftChild), right = height(node->RightChild);
  if (left < 0 || right < 0 || node->Balance != right - left || right - left > 1 || left - right > 1) return -1;
  if (node->LeftChild && node->LeftChild->Parent != node) return -1;
  if (node->RightChild && node->RightChild->Parent != node) return -1;
  return 1 + (left > right ? left : right);
}

}  // namespace

TEST(generic_table) {
  RTL_GENERIC_TABLE table;
  no_memory = false;
  allocations = 0;
  RtlInitializeGenericTable(&table, splay_order, splay_allocate, splay_free, nullptr);
  CHECK(RtlIsGenericTableEmpty(&table) && !RtlEnumerateGenericTable(&table, TRUE));
  BOOLEAN is_new;
  for (ULONG i = 0; i < 100; ++i) {
    ULONG value = scrambled(i);
    CHECK(*(ULONG*)RtlInsertElementGenericTable(&table, &value, sizeof value, &is_new) == value && is_new);
  }
  ULONG value = scrambled(3);
  CHECK(RtlInsertElementGenericTable(&table, &value, sizeof value, &is_new) && !is_new);
  CHECK(RtlNumberGenericTableElements(&table) == 100 && *(ULONG*)RtlGetElementGenericTable(&table, 3) == scrambled(3));
  CHECK(*(ULONG*)RtlLookupElementGenericTable(&table, &value) == value);
  LONG last = -1;
  ULONG count = 0;
  for (auto* each = (ULONG*)RtlEnumerateGenericTable(&table, TRUE); each; each = (ULONG*)RtlEnumerateGenericTable(&table, FALSE)) {
    CHECK((LONG)*each > last);
    last = (LONG)*each;
    ++count;
  }
  CHECK(count == 100);
  for (ULONG i = 0; i < 100; i += 2) {
    value = scrambled(i);
    CHECK(RtlDeleteElementGenericTable(&table, &value) && !RtlDeleteElementGenericTable(&table, &value));
  }
  PVOID restart = nullptr;
  count = 0;
  last = -1;
  while (auto* each = (ULONG*)RtlEnumerateGenericTableWithoutSplaying(&table, &restart)) {
    CHECK((LONG)*each > last);
    last = (LONG)*each;
    ++count;
  }
  CHECK(count == 50 && allocations == 50);
  no_memory = true;
  value = 1000;
  CHECK(!RtlInsertElementGenericTable(&table, &value, sizeof value, &is_new) && !is_new);
  while (PVOID each = RtlGetElementGenericTable(&table, 0)) RtlDeleteElementGenericTable(&table, each);
  CHECK(allocations == 0 && RtlIsGenericTableEmpty(&table));
}

TEST(avl_table) {
  RTL_AVL_TABLE table;
  no_memory = false;
  allocations = 0;
  RtlInitializeGenericTableAvl(&table, avl_order, avl_allocate, avl_free, nullptr);
  BOOLEAN is_new;
  for (ULONG i = 0; i < 100; ++i) {
    ULONG value = scrambled(i);
    CHECK(*(ULONG*)RtlInsertElementGenericTableAvl(&table, &value, sizeof value, &is_new) == value && is_new);
    CHECK(height(table.BalancedRoot.RightChild) == (int)table.DepthOfTree);
  }
  ULONG value = 50;
  PVOID node;
  TABLE_SEARCH_RESULT where;
  CHECK(*(ULONG*)RtlLookupElementGenericTableFullAvl(&table, &value, &node, &where) == 50 && where == TableFoundNode);
  for (ULONG i = 0; i < 100; i += 3) {
    value = scrambled(i);
    CHECK(RtlDeleteElementGenericTableAvl(&table, &value) && !RtlDeleteElementGenericTableAvl(&table, &value));
    CHECK(height(table.BalancedRoot.RightChild) == (int)table.DepthOfTree);
  }
  CHECK(RtlNumberGenericTableElementsAvl(&table) == 66 && allocations == 66);
  /* Deleting what was enumerated last does not disturb the enumeration. */
  LONG last = -1;
  ULONG count = 0;
  for (auto* each = (ULONG*)RtlEnumerateGenericTableAvl(&table, TRUE); each;
       each = (ULONG*)RtlEnumerateGenericTableAvl(&table, FALSE)) {
    CHECK((LONG)*each > last);
    last = (LONG)*each;
    ++count;
    CHECK(RtlDeleteElementGenericTableAvl(&table, each));
    CHECK(height(table.BalancedRoot.RightChild) == (int)table.DepthOfTree);
  }
  CHECK(count == 66 && allocations == 0 && RtlIsGenericTableEmptyAvl(&table) && table.DepthOfTree == 0);
}

TEST(splay_links) {
  RTL_SPLAY_LINKS a, b, c;
  RtlInitializeSplayLinks(&b);
  RtlInitializeSplayLinks(&a);
  RtlInitializeSplayLinks(&c);
  RtlInsertAsLeftChild(&b, &a);
  RtlInsertAsRightChild(&b, &c);
  CHECK(RtlRealSuccessor(&a) == &b && RtlRealSuccessor(&b) == &c && !RtlRealSuccessor(&c) && RtlRealPredecessor(&b) == &a);
  CHECK(RtlSubtreePredecessor(&b) == &a && RtlSubtreeSuccessor(&b) == &c);
  CHECK(RtlSplay(&c) == &c && RtlIsRoot(&c) && RtlRealPredecessor(&c) == &b);
  PRTL_SPLAY_LINKS root = RtlDelete(&b);
  CHECK(root && RtlIsRoot(root) && RtlRealSuccessor(&a) == &c && !RtlRealSuccessor(&c));
  RtlDeleteNoSplay(&a, &root);
  CHECK(root == &c && RtlDelete(&c) == nullptr);
}

TEST(prefix_table) {
  UNICODE_PREFIX_TABLE table;
  UNICODE_PREFIX_TABLE_ENTRY entries[3];
  UNICODE_STRING server, share, root, name;
  RtlInitUnicodeString(&server, L"\\Server");
  RtlInitUnicodeString(&share, L"\\Server\\share");
  RtlInitUnicodeString(&root, L"\\");
  RtlInitializeUnicodePrefix(&table);
  RtlInitUnicodeString(&name, L"\\server\\SHARE\\x");
  CHECK(!RtlFindUnicodePrefix(&table, &name, 0));
  CHECK(RtlInsertUnicodePrefix(&table, &server, &entries[0]) && RtlInsertUnicodePrefix(&table, &share, &entries[1]));
  CHECK(!RtlInsertUnicodePrefix(&table, &server, &entries[2]));
  CHECK(RtlFindUnicodePrefix(&table, &name, 0) == &entries[1]);
  CHECK(!RtlFindUnicodePrefix(&table, &name, MAXULONG)); /* case counts up to there */
  RtlInitUnicodeString(&name, L"\\Server\\shareholder");
  CHECK(RtlFindUnicodePrefix(&table, &name, 0) == &entries[0]); /* whole parts only */
  RtlInitUnicodeString(&name, L"\\other");
  CHECK(!RtlFindUnicodePrefix(&table, &name, 0));
  CHECK(RtlInsertUnicodePrefix(&table, &root, &entries[2]) && RtlFindUnicodePrefix(&table, &name, 0) == &entries[2]);
  ULONG count = 0;
  for (auto* entry = RtlNextUnicodePrefix(&table, TRUE); entry; entry = RtlNextUnicodePrefix(&table, FALSE)) ++count;
  CHECK(count == 3);
  RtlRemoveUnicodePrefix(&table, &entries[1]);
  RtlInitUnicodeString(&name, L"\\Server\\share\\x");
  CHECK(RtlFindUnicodePrefix(&table, &name, 0) == &entries[0]);
}
