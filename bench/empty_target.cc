// The ceiling of every libFuzzer target: nothing at all, under AddressSanitizer.

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }
