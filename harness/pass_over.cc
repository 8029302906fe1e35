#include "harness/pass_over.h"

#include <signal.h>
#include <ucontext.h>

#include <utility>

#include "emu/machine/machine.h"
#include "harness/driver_info.h"
#include "harness/report.h"
#include "harness/report_crash.h"
#include "harness/rule_settings.h"
#include "harness/run.h"

extern "C" {
// The kernel's code: emu/sdk/wdmcc names it.
[[gnu::weak]] extern const char __start_nt_text[];
[[gnu::weak]] extern const char __stop_nt_text[];
}

namespace wdm {

namespace {

enum class Mode { nothing, known, everything };
Mode mode = Mode::nothing;
KnownPlaces known;

// The last read that was passed over, and how long the trace was then: it is shorter in a later run.
struct {
  std::uintptr_t address = 0;
  std::uint64_t place = 0;
  std::size_t events = 0;
} passed_read;
constexpr std::uintptr_t kReach = 64u << 10;  // of a loop, above it

bool reached_from_passed_read(std::uintptr_t address) {
  return mode != Mode::nothing && passed_read.address && address - passed_read.address < kReach &&
         machine().trace().events.size() >= passed_read.events;
}

bool is_known(const Finding& finding) {
  RunResult result;
  result.outcome = Outcome::driver_bug;
  result.finding = finding;
  const Verdict verdict = verdict_of(last_trace(), result, driver_image());
  return is_passed_over(verdict.what, verdict.place);
}

// ---- accesses that the processor traps

struct Trap {
  int signal;
  const char* word;  // AddressSanitizer's
  struct sigaction next;
};
Trap traps[] = {{SIGSEGV, "SEGV", {}}, {SIGBUS, "BUS", {}}, {SIGFPE, "FPE", {}}};

constexpr std::uintptr_t kRedZone = 128;   // below the stack pointer, the interrupted function's own
constexpr std::uintptr_t kEnough = 64u << 10;  // of stack, to end the run on

[[noreturn]] void abandon_run() { machine().end(Outcome::clean, ""); }

bool lies_in(std::uintptr_t pc, const void* begin, const void* end) {
  return pc >= reinterpret_cast<std::uintptr_t>(begin) && pc < reinterpret_cast<std::uintptr_t>(end);
}

// Where the driver is: at the instruction itself, or at the call of the kernel's routine that trapped. kNoPlace while
// the machine's code runs, which may have half done something that outlasts the run; the kernel's state does not.
std::uint64_t trapped_place(std::uintptr_t pc, const std::uintptr_t* frame) {
  const DriverImage& image = driver_image();
  if (lies_in(pc, image.text_begin, image.text_end)) return pc - reinterpret_cast<std::uintptr_t>(image.text_begin);
  const Fiber& fiber = machine().current().fiber;
  if (!lies_in(pc, __start_nt_text, __stop_nt_text)) return kNoPlace;
  if (!fiber.contains(frame) || !fiber.contains(frame + 1)) return kNoPlace;
  return call_site_in_driver(reinterpret_cast<const void*>(frame[1]), frame);
}

bool can_abandon(const char* word, std::uintptr_t pc, std::uintptr_t stack, const std::uintptr_t* frame,
                 std::uintptr_t address) {
  if (!machine().running()) return false;
  if (!machine().current().fiber.contains(reinterpret_cast<const void*>(stack - kEnough))) return false;
  const std::uint64_t place = trapped_place(pc, frame);
  return place != kNoPlace && (is_passed_over(trapped_kind(word, address), place) || reached_from_passed_read(address));
}

// Returns into abandon_run() instead of the instruction that trapped: the signal is over by then.
void on_trap(int signal, siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto pc = static_cast<std::uintptr_t>(registers[REG_RIP]), stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
  for (const Trap& trap : traps) {
    if (trap.signal != signal) continue;
    const auto* const frame = reinterpret_cast<const std::uintptr_t*>(registers[REG_RBP]);
    if (!can_abandon(trap.word, pc, stack, frame, reinterpret_cast<std::uintptr_t>(info->si_addr)))
      return trap.next.sa_sigaction(signal, info, context);
    registers[REG_RSP] = static_cast<greg_t>(((stack - kRedZone) & ~std::uintptr_t{15}) - 8);
    registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(abandon_run));
    return;
  }
}

// In front of AddressSanitizer's handlers, which end the process. Where it has none, it stays so.
void catch_traps() {
  static bool done = false;
  if (std::exchange(done, true)) return;
  for (Trap& trap : traps) {
    ::sigaction(trap.signal, nullptr, &trap.next);
    if (!(trap.next.sa_flags & SA_SIGINFO) || !trap.next.sa_sigaction) continue;
    struct sigaction action = trap.next;
    action.sa_sigaction = on_trap;
    ::sigaction(trap.signal, &action, nullptr);
  }
}

void start(Mode new_mode) {
  machine().is_known_free = is_known_free;
  machine().is_known = is_known;  // makes the machine, before the checks ask for it
  catch_traps();
  mode = new_mode;
}

}  // namespace

void pass_over(KnownPlaces new_known) {
  known = std::move(new_known);
  if (!known.empty()) start(Mode::known);
}

void pass_over_suppressed() { start(Mode::known); }

void pass_over_everything() { start(Mode::everything); }

void note_passed_read(std::uintptr_t address, std::uint64_t place) {
  passed_read = {address, place, machine().trace().events.size()};
}

bool follows_passed_read(std::uintptr_t address, std::uint64_t place) {
  return reached_from_passed_read(address) && (place == passed_read.place || address == passed_read.address);
}

bool passes_over() { return mode != Mode::nothing; }

bool is_passed_over(const std::string& what, std::uint64_t place) {
  switch (mode) {
    case Mode::nothing: return false;
    case Mode::known: return known.contains({what, place}) || is_suppressed(what, place);
    case Mode::everything: return true;
  }
  return false;
}

}  // namespace wdm
