#include "harness/report_crash.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "emu/machine/machine.h"
#include "harness/driver_info.h"
#include "harness/run.h"

// AddressSanitizer's and the profile run time's entry points; null in builds without them.
extern "C" {
[[gnu::weak]] void __asan_set_error_report_callback(void (*callback)(const char*));
[[gnu::weak]] int __llvm_profile_write_file(void);
[[gnu::weak]] void __asan_unpoison_memory_region(void const volatile* address, unsigned long size);
}

namespace wdm {

namespace {

constexpr std::size_t kReportStack = 8u << 20;  // a crash may have used up the stack it happened on
constexpr unsigned kTickSeconds = 1;

CrashHooks hooks;
bool told = false;  // a report has been made: the first one counts
const Scenario* running_scenario = nullptr;
std::span<const std::uint8_t> running_input;

// ---- the driver's frames above a handler

struct Walk {
  std::uint64_t frames[64];
  unsigned count = 0;
  unsigned seen = 0;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* pointer) {
  Walk& walk = *static_cast<Walk*>(pointer);
  int exact = 0;  // an interrupted instruction, not a call that will return
  const std::uint64_t pc = _Unwind_GetIPInfo(context, &exact);
  const auto* const place = reinterpret_cast<const char*>(exact ? pc : pc - 1);
  const DriverImage& image = driver_image();
  if (place >= image.text_begin && place < image.text_end) walk.frames[walk.count++] = reinterpret_cast<std::uint64_t>(place);
  return walk.count == std::size(walk.frames) || ++walk.seen > 500 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

std::vector<std::uint64_t> driver_frames() {
  Walk walk;
  _Unwind_Backtrace(visit, &walk);
  return {walk.frames, walk.frames + walk.count};
}

// ---- telling it, on a stack with room

struct Message {
  std::string kind;
  std::vector<std::uint64_t> stack;
  Outcome outcome = Outcome::driver_bug;
  std::string sentence = {};  // UndefinedBehaviorSanitizer's, whose own report is not printed
};

std::uint64_t place_of(const Message& message) {
  if (message.stack.empty()) return kNoPlace;
  return message.stack.front() - reinterpret_cast<std::uint64_t>(driver_image().text_begin);
}

RunResult result_so_far() {
  RunResult result;
  result.decisions = machine().decisions();
  return result;
}

Report report_of(const Message& message, const Scenario& scenario) {
  RunResult ended = result_so_far();
  if (message.outcome == Outcome::driver_bug) {
    Report report = make_sanitizer_report({message.kind, message.stack, machine().cpu(), machine().current().id, machine().irql()},
                                          last_trace(), ended, scenario, driver_image());
    if (message.sentence.empty()) return report;
    report.sanitizer = false;
    report.headline = fmt::format("DRIVER BUG: {}: {}", message.kind, message.sentence);
    return report;
  }
  ended.outcome = message.outcome;
  ended.message = message.kind;
  for (const std::uint64_t address : message.stack) ended.stack.push_back(address + 1);
  return make_report(last_trace(), ended, scenario, driver_image());
}

void print_to_stderr(const Report& report) {
  const std::string text = render_text(report, ::isatty(2) ? Colour::on : Colour::off);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void tell(const Message& message) {
  const Scenario scenario = running_scenario ? *running_scenario : input_scenario(running_input);
  if (hooks.deliver) {
    const std::string what = message.outcome == Outcome::driver_bug
                                 ? message.kind
                                 : fmt::format("{}: {}", outcome_word(message.outcome), message.kind);
    hooks.deliver({message.outcome, what, place_of(message)}, explicit_scenario(scenario, result_so_far()));
    return;
  }
  const Report report = report_of(message, scenario);
  if (hooks.report)
    hooks.report(report);
  else
    print_to_stderr(report);
}

void tell_entry(void* message) { tell(*static_cast<Message*>(message)); }

void* report_stack() {
  static void* const stack =
      ::mmap(nullptr, kReportStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  return stack;
}

// Calls function(argument) on a stack of its own: the failing one may be full, and a signal stack is small.
void on_report_stack(void (*function)(void*), void* argument) {
  char* const top = static_cast<char*>(report_stack()) + kReportStack - 64;
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(report_stack(), kReportStack);
  asm volatile(
      "movq %%rsp, %%r12\n\t"
      "movq %[top], %%rsp\n\t"
      "callq *%[function]\n\t"
      "movq %%r12, %%rsp"
      : "+D"(argument)
      : [top] "r"(top), [function] "r"(function)
      : "r12", "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
        "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}

// ---- AddressSanitizer

// The address in "SEGV on unknown address 0x000000000008 (pc ...", or one that is none.
std::uintptr_t address_in(std::string_view report) {
  constexpr std::string_view kMark = "on unknown address 0x";
  const std::size_t found = report.find(kMark);
  return found == report.npos ? ~std::uintptr_t{0} : std::strtoull(report.data() + found + kMark.size(), nullptr, 16);
}

// "SEGV", "heap-use-after-free", ...: the first word after "AddressSanitizer: " in its report.
std::string kind_in(std::string_view report) {
  constexpr std::string_view kMark = "ERROR: AddressSanitizer: ";
  const std::size_t found = report.find(kMark);
  if (found == report.npos) return "memory-error";
  std::size_t begin = found + kMark.size();
  constexpr std::string_view kAttempting = "attempting ";  // "attempting double-free on", "attempting free on"
  if (report.substr(begin, kAttempting.size()) == kAttempting) begin += kAttempting.size();
  if (report.substr(begin, 5) == "free ") return "bad-free";
  return trapped_kind(report.substr(begin, report.find_first_of(" :\n", begin) - begin), address_in(report));
}

// The driver's frames of the first stack in the report: it knows the way through a jump to nowhere, too.
std::vector<std::uint64_t> frames_in(std::string_view report) {
  std::vector<std::uint64_t> frames;
  const DriverImage& image = driver_image();
  for (std::size_t at = report.find("    #0 0x"); at != report.npos; at = report.find('\n', at)) {
    at = report.find_first_not_of(" \n", at);
    if (at == report.npos || report[at] != '#') break;
    const std::size_t number = report.find("0x", at);
    if (number == report.npos) break;
    const std::uint64_t address = std::strtoull(report.data() + number, nullptr, 16);
    const auto* const place = reinterpret_cast<const char*>(address);
    if (place >= image.text_begin && place < image.text_end) frames.push_back(address);
  }
  return frames;
}

void after_sanitizer_report(const char* report) {
  if (std::exchange(told, true)) return;  // the trap after our own report, or a crash of the report itself
  Message message{kind_in(report), frames_in(report), Outcome::driver_bug};
  const bool ours = message.stack.empty();  // no driver code in it: our own mistake
  if (ours) message = {message.kind + " outside the driver", {}, Outcome::emu_bug};
  on_report_stack(tell_entry, &message);
  if (__llvm_profile_write_file) __llvm_profile_write_file();
  if (hooks.under_engine) return;
  std::fflush(nullptr);
  ::_exit(exit_code(message.outcome));
}

// ---- the watchdog

void give_up() {
  told = true;
  Message message{fmt::format("no scheduling point for {} s of processor time", kLoopSeconds), driver_frames(),
                  Outcome::limit};
  on_report_stack(tell_entry, &message);
  if (__llvm_profile_write_file) __llvm_profile_write_file();
  if (hooks.under_engine) __builtin_trap();
  std::fflush(nullptr);
  ::_exit(exit_code(Outcome::limit));
}

void on_tick(int) {
  static std::size_t last_events = 0;
  static unsigned quiet = 0;
  const std::size_t events = machine().trace().events.size();
  const bool moved = !machine().running() || events != last_events;
  last_events = events;
  quiet = moved ? 0 : quiet + kTickSeconds;
  if (quiet >= kLoopSeconds) give_up();
}

void start_watchdog() {
  struct sigaction action {};
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGPROF, &action, nullptr);
  const itimerval every{{kTickSeconds, 0}, {kTickSeconds, 0}};
  ::setitimer(ITIMER_PROF, &every, nullptr);
}

}  // namespace

std::string trapped_kind(std::string_view word, std::uintptr_t address) {
  constexpr std::uintptr_t kNeverMapped = 64u << 10;
  return word == "SEGV" && address < kNeverMapped ? "NullCheck" : std::string(word);
}

void set_running(const Scenario* scenario) { running_scenario = scenario; }

void set_running(std::span<const std::uint8_t> input) {
  running_scenario = nullptr;
  running_input = input;
}

void watch_for_crashes(CrashHooks new_hooks) {
  hooks = std::move(new_hooks);
  if (__asan_set_error_report_callback) __asan_set_error_report_callback(after_sanitizer_report);
  start_watchdog();
}

void deliver_bad_access(const std::string& kind, std::uint64_t place) {
  if (!hooks.deliver) return;
  Message message{kind, {reinterpret_cast<std::uint64_t>(driver_image().text_begin) + place}, Outcome::driver_bug};
  on_report_stack(tell_entry, &message);
  if (__llvm_profile_write_file) __llvm_profile_write_file();
  ::_exit(exit_code(message.outcome));
}

void report_undefined(const std::string& kind, const std::string& sentence) {
  if (std::exchange(told, true)) return;
  Message message{kind, driver_frames(), Outcome::driver_bug, sentence};
  on_report_stack(tell_entry, &message);
  if (__llvm_profile_write_file) __llvm_profile_write_file();
}

void report_and_trap(const Scenario& scenario, const RunResult& result) {
  told = true;
  print_to_stderr(make_report(last_trace(), result, scenario, driver_image()));
  if (__llvm_profile_write_file) __llvm_profile_write_file();
  machine().trap_on_failed_fiber();
}

}  // namespace wdm
