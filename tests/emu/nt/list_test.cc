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

TEST(interlocked_arithmetic_returns_the_old_value) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  ULONG sum = 239;
  CHECK(ExInterlockedAddUlong(&sum, 44, &lock) == 239 && sum == 283);
  LARGE_INTEGER large, seven;
  large.QuadPart = 23;
  seven.QuadPart = 7;
  CHECK(ExInterlockedAddLargeInteger(&large, seven, &lock).QuadPart == 23 && large.QuadPart == 30);
}

namespace {

struct Shared {
  SLIST_HEADER stack;
  LIST_ENTRY queue;
  KSPIN_LOCK lock;
  ULONG sum;
};

struct Item {
  SLIST_ENTRY on_stack;
  LIST_ENTRY in_queue;
};

/* Each item goes from the stack to the queue and back, and is never in two hands at once. */
void NTAPI move_items(PVOID context) {
  auto* shared = (Shared*)context;
  for (int i = 0; i < 8; ++i) {
    PSLIST_ENTRY popped = ExInterlockedPopEntrySList(&shared->stack, &shared->lock);
    if (popped) {
      auto* item = CONTAINING_RECORD(popped, Item, on_stack);
      ExInterlockedInsertTailList(&shared->queue, &item->in_queue, &shared->lock);
    }
    if (PLIST_ENTRY taken = ExInterlockedRemoveHeadList(&shared->queue, &shared->lock)) {
      auto* item = CONTAINING_RECORD(taken, Item, in_queue);
      ExInterlockedPushEntrySList(&shared->stack, &item->on_stack, &shared->lock);
    }
    ExInterlockedAddUlong(&shared->sum, 1, &shared->lock);
  }
}

}  // namespace

TEST(interlocked_lists_between_threads) {
  __declspec(align(16)) static Shared shared;
  __declspec(align(16)) static Item items[3];
  shared.sum = 0;
  InitializeSListHead(&shared.stack);
  InitializeListHead(&shared.queue);
  KeInitializeSpinLock(&shared.lock);
  for (Item& item : items) InterlockedPushEntrySList(&shared.stack, &item.on_stack);
  void* a = start_thread(move_items, &shared);
  void* b = start_thread(move_items, &shared);
  join(a);
  join(b);
  LONG left = ExQueryDepthSList(&shared.stack);
  while (ExInterlockedRemoveHeadList(&shared.queue, &shared.lock)) ++left;
  CHECK(left == 3 && shared.sum == 16);
}
