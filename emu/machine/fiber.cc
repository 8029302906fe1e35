#include "emu/machine/fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "emu/machine/limits.h"
#include "emu/machine/sanitizer.h"

namespace wdm {

namespace {

constexpr std::size_t kGuardBytes = 64u << 10;

[[noreturn]] void out_of_memory() {
  std::fputs("wdmfuzz: cannot map memory for a stack\n", stderr);
  std::abort();
}

}  // namespace

Fiber::~Fiber() {
  if (mapping_) munmap(mapping_, limits::kStackBytes + kGuardBytes);
}

void Fiber::allocate() {
  mapping_ = mmap(nullptr, limits::kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) out_of_memory();
  mprotect(mapping_, kGuardBytes, PROT_NONE);
  bottom_ = static_cast<const char*>(mapping_) + kGuardBytes;
  top_ = bottom_ + limits::kStackBytes;
}

void Fiber::prepare(void (*entry)(void*), void* argument) {
  if (!mapping_) allocate();
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

namespace {

struct Switch {
  Fiber* from;
  Fiber* to;
};

}  // namespace

void Fiber::switch_from(Fiber& from, bool for_good) {
  if (__sanitizer_start_switch_fiber)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &from.fake_stack_, bottom_,
                                   static_cast<std::size_t>(top_ - bottom_));
  Switch request{&from, this};
  auto back = boost::context::detail::jump_fcontext(context_, &request);
  // Running again as `from`: whoever jumped here says where it came from.
  const Switch* const arrived = static_cast<Switch*>(back.data);
  arrived->from->context_ = back.fctx;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(from.fake_stack_, nullptr, nullptr);
}

void Fiber::trampoline(boost::context::detail::transfer_t transfer) {
  const Switch* const arrived = static_cast<Switch*>(transfer.data);
  arrived->from->context_ = transfer.fctx;
  Fiber& self = *arrived->to;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
  self.fresh_ = false;
  self.entry_(self.argument_);
  std::abort();
}

}  // namespace wdm
