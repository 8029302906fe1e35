#include "tests/emu/nt/check.h"

TEST(doubly_linked_list) {
  LIST_ENTRY head, a, b, c;
  InitializeListHead(&head);
  InsertTailList(&head, &a);
  InsertTailList(&head, &b);
  InsertHeadList(&head, &c);
  CHECK(!RemoveEntryList(&a));
  CHECK(RemoveHeadList(&head) == &c);
  CHECK(RemoveTailList(&head) == &b);
  CHECK(IsListEmpty(&head));
  InsertTailList(&head, &a);
  CHECK(RemoveEntryList(&a));
}

TEST(interlocked_list_returns_the_old_neighbour) {
  KSPIN_LOCK lock;
  LIST_ENTRY head, a, b;
  KeInitializeSpinLock(&lock);
  InitializeListHead(&head);
  CHECK(!ExInterlockedRemoveHeadList(&head, &lock));
  CHECK(!ExInterlockedInsertTailList(&head, &a, &lock));
  CHECK(ExInterlockedInsertTailList(&head, &b, &lock) == &a);
  CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &a);
  CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

TEST(sequenced_list_is_last_in_first_out) {
  SLIST_HEADER list;
  __declspec(align(16)) SLIST_ENTRY a, b;
  InitializeSListHead(&list);
  CHECK(!InterlockedPopEntrySList(&list));
  CHECK(!InterlockedPushEntrySList(&list, &a));
  CHECK(InterlockedPushEntrySList(&list, &b) == &a);
  CHECK(ExQueryDepthSList(&list) == 2);
  CHECK(InterlockedPopEntrySList(&list) == &b);
  CHECK(InterlockedFlushSList(&list) == &a);
  CHECK(ExQueryDepthSList(&list) == 0);
}
