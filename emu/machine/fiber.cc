#include "emu/machine/fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "emu/machine/limits.h"
#include "emu/machine/sanitizer.h"

namespace wdm {

namespace {

constexpr std::size_t kGuardBytes = 64u << 10;
constexpr std::size_t kSlotBytes = limits::kStackBytes + kGuardBytes;
constexpr std::size_t kSlots = 80;  // the machine's threads, and some for whoever measures

[[noreturn]] void die(const char* why) {
  std::fputs(why, stderr);
  std::abort();
}

// The stacks of all fibers, and whose they are.
struct Region {
  Region() {
    void* const memory = mmap(nullptr, kSlots * kSlotBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) die("wdmfuzz: cannot map memory for stacks\n");
    bottom = static_cast<char*>(memory);
  }

  // Lowest usable byte of a new stack.
  const char* take(Fiber* owner) {
    if (used == kSlots) die("wdmfuzz: too many fibers\n");
    char* const slot = bottom + used * kSlotBytes;
    mprotect(slot, kGuardBytes, PROT_NONE);
    owners[used++] = owner;
    return slot + kGuardBytes;
  }

  bool contains(const char* address) const { return address >= bottom && address < bottom + kSlots * kSlotBytes; }

  Fiber* owner_of(const void* address) const {
    return owners[static_cast<std::size_t>(static_cast<const char*>(address) - bottom) / kSlotBytes];
  }

  char* bottom;
  std::array<Fiber*, kSlots> owners{};
  std::size_t used = 0;
};

Region& region() {
  static Region* const instance = new Region;  // never destroyed: somebody may stand on it
  return *instance;
}

}  // namespace

bool Fiber::announce_every_switch =
    &__asan_option_detect_stack_use_after_return != nullptr && __asan_option_detect_stack_use_after_return != 0;

void Fiber::allocate() {
  bottom_ = region().take(this);
  top_ = bottom_ + limits::kStackBytes;
}

void Fiber::prepare(void (*entry)(void*), void* argument) {
  if (!bottom_) allocate();
  if (fresh_ && entry == entry_ && argument == argument_) return;
  fresh_ = true;
  // The saved context is the stack pointer at which an abandoned fiber was left: above it lie the red zones of frames
  // that never returned.
  const char* const used = context_ ? reinterpret_cast<const char*>(context_) : top_;
  if (contains(used)) unpoison(used, static_cast<std::size_t>(top_ - used));
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
  context_ = boost::context::detail::make_fcontext(const_cast<char*>(top_), limits::kStackBytes, &Fiber::trampoline);
}

void Fiber::adopt_current_thread() {
  pthread_attr_t attributes;
  void* address = nullptr;
  std::size_t size = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &address, &size);
  pthread_attr_destroy(&attributes);
  bottom_ = static_cast<const char*>(address);
  top_ = bottom_ + size;
}

void Fiber::announced_jump(Fiber& from, bool for_good, const char* bottom, std::size_t size) {
  if (__sanitizer_start_switch_fiber)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &from.fake_stack_, bottom, size);
  jump(from);
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(from.fake_stack_, nullptr, nullptr);
}

void Fiber::announced_switch(Fiber& from, bool for_good) {
  announced_jump(from, for_good, bottom_, static_cast<std::size_t>(top_ - bottom_));
}

void Fiber::enter_from(Fiber& outside) {
  if (announce_every_switch) return announced_switch(outside, false);
  announced_jump(outside, false, region().bottom, kSlots * kSlotBytes);
}

// Whoever leaves comes back, if ever, through enter_from, which announces the region again; so there is nothing to do
// after the jump but what `announced_jump` does for both ways.
void Fiber::leave_to(Fiber& outside) { outside.announced_switch(*this, false); }

void Fiber::trampoline(boost::context::detail::transfer_t transfer) {
  static_cast<Fiber*>(transfer.data)->context_ = transfer.fctx;
  Fiber& self = *region().owner_of(__builtin_frame_address(0));
  // The first fiber of a run arrives in the middle of an announced switch; between two fibers there is none to finish.
  const bool announced = announce_every_switch || !region().contains(static_cast<Fiber*>(transfer.data)->bottom_);
  if (announced && __sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
  self.fresh_ = false;
  self.entry_(self.argument_);
  std::abort();
}

}  // namespace wdm
