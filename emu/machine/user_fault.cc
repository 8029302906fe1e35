// Faults that a driver's __try can catch, as on Windows: touching user addresses that are not mapped, below DISPATCH_LEVEL, and
// a division by zero. They become structured exceptions of the driver; everything else is left to whoever was there before
// (AddressSanitizer, which reports it).

#include <signal.h>
#include <ucontext.h>

#include <utility>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"

// The kernel's (emu/sdk/seh); null where there is none.
extern "C" [[gnu::weak]] void wdm_seh_raise(unsigned code, unsigned long long address, unsigned count,
                                            const unsigned long long* information);

namespace wdm {

namespace {

constexpr std::uintptr_t kLowestArenaAddress = 0x100000;  // below: null pointers and their neighbourhood
constexpr std::uintptr_t kRedZone = 128;                  // below the stack pointer, the interrupted function's own
constexpr unsigned kAccessViolation = 0xC0000005, kDivideByZero = 0xC0000094;
constexpr greg_t kWriteFault = 2;  // bit of the processor's error code

struct sigaction before_segv, before_fpe;
unsigned long long information[2];  // of the exception on its way

// 0: not one that can be caught.
unsigned exception_of(int signal, const siginfo_t& info) {
  if (signal == SIGFPE) return info.si_code == FPE_INTDIV ? kDivideByZero : 0;
  if (info.si_code != SEGV_MAPERR && info.si_code != SEGV_ACCERR) return 0;
  const bool user = reinterpret_cast<std::uintptr_t>(info.si_addr) < kLowestArenaAddress || machine().user_address(info.si_addr);
  return user ? kAccessViolation : 0;
}

bool has_handler(std::uintptr_t stack) {
  Machine& m = machine();
  if (!wdm_seh_raise || !m.running() || m.irql() >= kDispatch) return false;
  const Thread& thread = m.current();
  return thread.seh[thread.depth] && thread.fiber.contains(reinterpret_cast<const void*>(stack - kRedZone - 64));
}

// Returns into wdm_seh_raise instead of the instruction that faulted: the signal is over by then.
void on_fault(int signal, siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
  const unsigned code = exception_of(signal, *info);
  if (!code || !has_handler(stack)) {
    const struct sigaction& before = signal == SIGSEGV ? before_segv : before_fpe;
    if (before.sa_flags & SA_SIGINFO) return before.sa_sigaction(signal, info, context);
    ::sigaction(signal, &before, nullptr);  // the instruction is tried again and ends the process
    return;
  }
  information[0] = registers[REG_ERR] & kWriteFault ? 1 : 0;
  information[1] = reinterpret_cast<std::uintptr_t>(info->si_addr);
  registers[REG_RDI] = code;
  registers[REG_RSI] = registers[REG_RIP];
  registers[REG_RDX] = signal == SIGSEGV ? 2 : 0;
  registers[REG_RCX] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(information));
  registers[REG_RSP] = static_cast<greg_t>(((stack - kRedZone) & ~std::uintptr_t{15}) - 8);
  registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(wdm_seh_raise));
}

void catch_signal(int signal, struct sigaction& before) {
  ::sigaction(signal, nullptr, &before);
  struct sigaction action = before;
  action.sa_flags |= SA_SIGINFO | SA_ONSTACK;
  action.sa_sigaction = on_fault;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_user_faults() {
  static bool done = false;
  if (std::exchange(done, true)) return;
  catch_signal(SIGSEGV, before_segv);
  catch_signal(SIGFPE, before_fpe);
}

}  // namespace wdm
