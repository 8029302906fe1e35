// A stack one can switch to. Boost.Context does the switch; the AddressSanitizer annotations are ours, because Debian's
// Boost.Context is built without them.
//
// Stacks are kept for the life of the process (allocating one per run costs 47 us under AddressSanitizer, making a
// context again on a kept one 50 ns) and have a guard page below.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace wdm {

class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  // Makes the fiber call entry(argument) on its own stack at the next switch to it. What an earlier use left on the
  // stack is forgotten. `entry` must never return.
  void prepare(void (*entry)(void*), void* argument);

  // Makes this object stand for the stack the caller runs on.
  void adopt_current_thread();

  // Saves the running fiber in `from` and continues `*this`. Returns when somebody switches back to `from`.
  // `for_good`: nobody ever will, so AddressSanitizer may drop what it keeps for `from`.
  void switch_from(Fiber& from, bool for_good = false);

  const char* stack_bottom() const { return bottom_; }
  const char* stack_top() const { return top_; }
  bool contains(const void* address) const { return address >= bottom_ && address < top_; }

 private:
  static void trampoline(boost::context::detail::transfer_t transfer);
  void allocate();

  boost::context::detail::fcontext_t context_ = nullptr;
  const char* bottom_ = nullptr;  // lowest usable byte
  const char* top_ = nullptr;
  void* mapping_ = nullptr;
  void* fake_stack_ = nullptr;    // AddressSanitizer's
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool fresh_ = false;  // prepared and not entered since
};

}  // namespace wdm
