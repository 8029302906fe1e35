// AddressSanitizer's entry points, as weak symbols: in builds without it they are null and cost one test.
#pragma once

#include <cstddef>

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom_old, std::size_t* size_old);
[[gnu::weak]] void __asan_unpoison_memory_region(void const volatile* address, std::size_t size);
[[gnu::weak]] void __asan_poison_memory_region(void const volatile* address, std::size_t size);
[[gnu::weak]] void __asan_load4(unsigned long address);
[[gnu::weak]] void __asan_load8(unsigned long address);
[[gnu::weak]] void __asan_handle_no_return();
[[gnu::weak]] extern int __asan_option_detect_stack_use_after_return;
[[gnu::weak]] void __asan_loadN(unsigned long address, std::size_t size);
}

namespace wdm {

inline void unpoison(const void* address, std::size_t size) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(address, size);
}
inline void poison(const void* address, std::size_t size) {
  if (__asan_poison_memory_region) __asan_poison_memory_region(address, size);
}
// Reports here, with the driver's frames, when the eight bytes at `address` are not to be touched.
inline void check_access8(const void* address) {
  if (__asan_load8) __asan_load8(reinterpret_cast<unsigned long>(address));
}
inline void check_access4(const void* address) {
  if (__asan_load4) __asan_load4(reinterpret_cast<unsigned long>(address));
}

}  // namespace wdm
