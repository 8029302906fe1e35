// Bad accesses to memory that are known already, passed over without a report.
//
// Driver and kernel are compiled with -fsanitize-recover=address: where a check fails they call
// __asan_report_load4_noabort and its siblings, and would go on afterwards. The linker's --wrap sends these calls, and
// those of memcpy and its siblings, here. Nothing known: AddressSanitizer reports and ends the process, as always.

#include <cstddef>
#include <cstdint>

#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"
#include "harness/driver_info.h"
#include "harness/pass_over.h"
#include "harness/report_crash.h"

extern "C" {
[[gnu::weak]] void __asan_report_error(void* pc, void* bp, void* sp, void* address, int is_write, std::size_t size);
[[gnu::weak]] void* __asan_region_is_poisoned(void* begin, std::size_t size);
[[gnu::weak]] int __asan_address_is_poisoned(void const volatile* address);
[[gnu::weak]] void __asan_get_shadow_mapping(std::size_t* scale, std::size_t* offset);
}

namespace wdm {

namespace {

constexpr const char* kUnknown = "unknown-crash";
constexpr std::uint8_t kFill = 0xbe;  // what a copy reads where there is nothing to read: the same in every run

struct Caller {
  void* pc;  // where the access returns to
  void* bp;
};
#define CALLER \
  Caller { __builtin_return_address(0), __builtin_frame_address(0) }

struct Access {
  std::uintptr_t address;
  std::size_t size;
  bool write;
};

const std::uint8_t* shadow_of(std::uintptr_t address) {
  static std::size_t scale = 0, offset = 0;
  if (!scale) __asan_get_shadow_mapping(&scale, &offset);
  return reinterpret_cast<const std::uint8_t*>((address >> scale) + offset);
}

// AddressSanitizer's word for an access, from its shadow; see asan_errors.cpp of compiler-rt. A word that is wrong here is
// not known, so that the finding is reported.
const char* kind_of(const Access& access) {
  const std::uint8_t* shadow = shadow_of(access.address);
  if (*shadow == 0 && access.size > 8) ++shadow;
  if (*shadow > 0 && *shadow < 0x80) ++shadow;  // the last bytes of an object: what follows it says more
  switch (*shadow) {
    case 0xfa: return "heap-buffer-overflow";
    case 0xfd: return "heap-use-after-free";
    case 0xf1: return "stack-buffer-underflow";
    case 0xf2:
    case 0xf3: return "stack-buffer-overflow";
    case 0xf5: return "stack-use-after-return";
    case 0xf7: return "use-after-poison";
    case 0xf8: return "stack-use-after-scope";
    case 0xf9: return "global-buffer-overflow";
    case 0xca:
    case 0xcb: return "dynamic-stack-buffer-overflow";
  }
  return kUnknown;
}

std::uint64_t place_of(const Caller& caller) { return call_site_in_driver(caller.pc, caller.bp); }

// What earlier runs left behind must not decide how this one goes on. Between user buffers, and in the last bytes of a
// block of pool that is no multiple of 16 long, there is nobody's data: the same bytes are put there in every run.
void make_read_repeatable(const Access& access, bool heap) {
  for (std::uintptr_t at = access.address; at < access.address + access.size; ++at) {
    auto* const byte = reinterpret_cast<std::uint8_t*>(at);
    if (!__asan_address_is_poisoned(byte)) continue;
    const bool last_of_block = heap && *shadow_of(at & ~std::uintptr_t{15}) < 0x80;
    if (machine().user_address(byte) || last_of_block) *byte = kFill;
  }
}

// Is this bad access one to pass over? One that would damage what others own ends its run here.
bool passed(const Access& access, const std::string& kind, std::uint64_t place) {
  if (!is_passed_over(kind, place) && (access.write || !follows_passed_read(access.address, place))) return false;
  if (access.write && kind != "heap-use-after-free") machine().end(Outcome::clean, "");
  if (access.write) return true;
  make_read_repeatable(access, kind == "heap-buffer-overflow");
  note_passed_read(access.address, place);
  return true;
}

// Paged pool that code at DISPATCH_LEVEL may not touch. The bytes are there: a rule that is passed over lets it go on.
bool is_paged_pool(const Access& access, const Caller& caller) {
  if (!machine().is_hidden(reinterpret_cast<const void*>(access.address))) return false;
  const std::uint64_t place = place_of(caller);
  const void* const pc = place == kNoPlace ? caller.pc : static_cast<const char*>(driver_image().text_begin) + place + 1;
  machine().violation("PagedPool", access.write ? "paged pool written at DISPATCH_LEVEL or above" : "paged pool read at DISPATCH_LEVEL or above",
                      0, pc);
  return true;
}

void on_bad_access(const Access& access, const Caller& caller) {
  if (machine().running() && is_paged_pool(access, caller)) return;
  if (machine().running()) {
    const std::string kind = kind_of(access);
    const std::uint64_t place = place_of(caller);
    if (passed(access, kind, place)) return;
    if (kind != kUnknown && place != kNoPlace) deliver_bad_access(kind, place);
  }
  void* here = nullptr;
  __asan_report_error(caller.pc, caller.bp, &here, reinterpret_cast<void*>(access.address), access.write, access.size);
}

bool poisoned(const void* begin, std::size_t size) {
  return size && __asan_region_is_poisoned(const_cast<void*>(begin), size) != nullptr;
}

// For a block that a library function is about to touch. Like AddressSanitizer's own, the access begins at the first bad
// byte.
void check_block(const void* begin, std::size_t size, bool write, const Caller& caller) {
  if (!size) return;
  if (void* const bad = __asan_region_is_poisoned(const_cast<void*>(begin), size))
    on_bad_access({reinterpret_cast<std::uintptr_t>(bad), size, write}, caller);
}

// The byte a passed-over read sees. What lies beyond an object differs from process to process and must not be seen.
std::uint8_t byte_at(const std::uint8_t* p) { return __asan_address_is_poisoned(p) ? kFill : *p; }

void copy_bytes(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  if (to <= from)
    for (std::size_t i = 0; i < size; ++i) to[i] = byte_at(from + i);
  else
    for (std::size_t i = size; i-- > 0;) to[i] = byte_at(from + i);
}

// True when there is something to pass over, so that the real function must not see the blocks.
bool bad_copy(const void* to, const void* from, std::size_t size) {
  return (passes_over() || Machine::hides_paged_pool()) && machine().running() && (poisoned(from, size) || poisoned(to, size));
}

void* copy_past(void* to, const void* from, std::size_t size, const Caller& caller) {
  check_block(from, size, false, caller);
  check_block(to, size, true, caller);
  copy_bytes(static_cast<std::uint8_t*>(to), static_cast<const std::uint8_t*>(from), size);
  return to;
}

void* fill_past(void* to, int value, std::size_t size, const Caller& caller) {
  check_block(to, size, true, caller);
  for (std::size_t i = 0; i < size; ++i) static_cast<std::uint8_t*>(to)[i] = static_cast<std::uint8_t>(value);
  return to;
}

int compare_past(const void* a, const void* b, std::size_t size, const Caller& caller) {
  check_block(a, size, false, caller);
  check_block(b, size, false, caller);
  const auto* const left = static_cast<const std::uint8_t*>(a);
  const auto* const right = static_cast<const std::uint8_t*>(b);
  for (std::size_t i = 0; i < size; ++i)
    if (const int difference = byte_at(left + i) - byte_at(right + i)) return difference;
  return 0;
}

}  // namespace

bool is_known_free(const void* address, const void* pc) {
  const bool freed = *shadow_of(reinterpret_cast<std::uintptr_t>(address)) == 0xfd;
  const auto place = static_cast<const char*>(pc) - 1 - static_cast<const char*>(driver_image().text_begin);
  return is_passed_over(freed ? "double-free" : "bad-free", static_cast<std::uint64_t>(place));
}

std::uint64_t call_site_in_driver(const void* return_address, const void* frame_address) {
  const auto begin = reinterpret_cast<std::uintptr_t>(driver_image().text_begin);
  const auto size = reinterpret_cast<std::uintptr_t>(driver_image().text_end) - begin;
  auto pc = reinterpret_cast<std::uintptr_t>(return_address);
  const auto* frame = static_cast<const std::uintptr_t*>(frame_address);
  const Fiber& fiber = machine().current().fiber;
  while (pc - 1 - begin >= size) {
    const auto* const next = reinterpret_cast<const std::uintptr_t*>(frame[0]);
    if (next <= frame || !fiber.contains(next) || !fiber.contains(next + 1)) return kNoPlace;
    frame = next;
    pc = frame[1];
  }
  return pc - 1 - begin;
}

}  // namespace wdm

// ---- the names the linker gives: __wrap_X is called in place of X, which is called __real_X

#define BAD_ACCESS(word, write, bytes)                                                      \
  extern "C" void __wrap___asan_report_##word##bytes##_noabort(std::uintptr_t address) {    \
    wdm::on_bad_access({address, bytes, write}, CALLER);                                    \
  }
#define BAD_ACCESS_N(word, write)                                                                            \
  extern "C" void __wrap___asan_report_##word##_n_noabort(std::uintptr_t address, std::size_t size) {        \
    wdm::on_bad_access({address, size, write}, CALLER);                                                      \
  }
#define BAD_ACCESSES(word, write) \
  BAD_ACCESS(word, write, 1)      \
  BAD_ACCESS(word, write, 2)      \
  BAD_ACCESS(word, write, 4)      \
  BAD_ACCESS(word, write, 8)      \
  BAD_ACCESS(word, write, 16)     \
  BAD_ACCESS_N(word, write)

using wdm::Caller;
BAD_ACCESSES(load, false)
BAD_ACCESSES(store, true)

// The machine's own check of an address that a driver hands in.
extern "C" void __wrap___asan_load8(std::uintptr_t address) {
  wdm::check_block(reinterpret_cast<const void*>(address), 8, false, CALLER);
}

#define COPY(name)                                                                                        \
  extern "C" void* __real_##name(void* to, const void* from, std::size_t size);                           \
  extern "C" void* __wrap_##name(void* to, const void* from, std::size_t size) {                          \
    if (wdm::bad_copy(to, from, size)) [[unlikely]] return wdm::copy_past(to, from, size, CALLER);        \
    [[clang::musttail]] return __real_##name(to, from, size);                                             \
  }
COPY(memcpy)
COPY(memmove)
COPY(__asan_memcpy)
COPY(__asan_memmove)

#define FILL(name)                                                                                        \
  extern "C" void* __real_##name(void* to, int value, std::size_t size);                                  \
  extern "C" void* __wrap_##name(void* to, int value, std::size_t size) {                                 \
    if (wdm::bad_copy(to, to, size)) [[unlikely]] return wdm::fill_past(to, value, size, CALLER);         \
    [[clang::musttail]] return __real_##name(to, value, size);                                            \
  }
FILL(memset)
FILL(__asan_memset)

extern "C" int __real_memcmp(const void* a, const void* b, std::size_t size);
extern "C" int __wrap_memcmp(const void* a, const void* b, std::size_t size) {
  if (wdm::bad_copy(a, b, size)) [[unlikely]] return wdm::compare_past(a, b, size, CALLER);
  [[clang::musttail]] return __real_memcmp(a, b, size);
}
