// The functions that afl-fuzz calls in a custom mutator; their contract is AFL++'s (docs/custom_mutators.md there).
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
void* afl_custom_init(void* afl, unsigned seed);
std::size_t afl_custom_fuzz(void* data, std::uint8_t* input, std::size_t size, std::uint8_t** out, std::uint8_t* other,
                            std::size_t other_size, std::size_t max_size);
void afl_custom_deinit(void* data);
}
