// A stack one can switch to. Boost.Context does the switch; what AddressSanitizer has to be told is ours, because Debian's
// Boost.Context is built without it.
//
// All stacks lie in one region, each with a guard page below, and are kept for the life of the process (allocating one
// per run costs 47 us under AddressSanitizer, making a context again on a kept one 50 ns). AddressSanitizer is told
// once per run that the stack is the whole region, so a switch between two fibers costs what Boost.Context costs. Only
// when it keeps fake stacks (detect_stack_use_after_return) does it have to hear of every switch.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace wdm {

class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Makes the fiber call entry(argument) on its own stack at the next switch to it. What an earlier use left on the
  // stack is forgotten. `entry` must never return.
  void prepare(void (*entry)(void*), void* argument);

  // Saves the running fiber in `from` and continues `*this`. Returns when somebody switches back to `from`.
  // `for_good`: nobody ever will, so AddressSanitizer may drop what it keeps for `from`.
  void switch_from(Fiber& from, bool for_good = false) {
    if (announce_every_switch) [[unlikely]]
      return announced_switch(from, for_good);
    jump(from);
  }

  // The stack of the process, which is in no region.
  void adopt_current_thread();
  // From the process's own stack to a fiber. Returns when a fiber leaves to `outside`.
  void enter_from(Fiber& outside);
  // From a fiber to the process's own stack, which is where `enter_from` was called.
  void leave_to(Fiber& outside);

  const char* stack_bottom() const { return bottom_; }
  const char* stack_top() const { return top_; }
  bool contains(const void* address) const { return address >= bottom_ && address < top_; }
  // Where the stack ended when the fiber was switched from; that of a running one is further down or up by now.
  const char* saved_stack_pointer() const { return static_cast<const char*>(context_); }

 private:
  static bool announce_every_switch;

  static void trampoline(boost::context::detail::transfer_t transfer);
  void allocate();
  void announced_switch(Fiber& from, bool for_good);
  // `bottom`, `size`: the stack that AddressSanitizer is to know from now on.
  void announced_jump(Fiber& from, bool for_good, const char* bottom, std::size_t size);
  void jump(Fiber& from) {
    const auto back = boost::context::detail::jump_fcontext(context_, &from);
    // Running again as `from`: whoever jumped here says who it was.
    static_cast<Fiber*>(back.data)->context_ = back.fctx;
  }

  boost::context::detail::fcontext_t context_ = nullptr;
  const char* bottom_ = nullptr;  // lowest usable byte
  const char* top_ = nullptr;
  void* fake_stack_ = nullptr;    // AddressSanitizer's
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool fresh_ = false;  // prepared and not entered since
};

}  // namespace wdm
