// Mutations of bytes that know nothing of their meaning, for engines without LLVMFuzzerMutate.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/random.h"

namespace wdm {

// Changes, inserts or removes a few bytes of `data` and returns the new size, 1 to max_size. 0, and nothing done, when
// max_size is 0.
std::size_t mutate_bytes(std::uint8_t* data, std::size_t size, std::size_t max_size, Random& random);

}  // namespace wdm
