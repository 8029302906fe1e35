// The structure-aware mutator: works on scenarios, not on bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/scenario.h"

namespace wdm {

// The engine's own mutation of a byte string (LLVMFuzzerMutate): returns the new size, 0 when it has none.
using BlindMutation = std::size_t (*)(std::uint8_t* data, std::size_t size, std::size_t max_size);

// Replaces the input in `data` by a mutation of it and returns its size, at most max_size. `size` may be larger than
// max_size, as libFuzzer does it while minimising. A function of the arguments; `blind` may be null.
std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed,
                   const DriverProfile& profile, BlindMutation blind);

// Writes a scenario made of parts of two inputs to `out` and returns its size, at most max_size.
std::size_t cross_over(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, std::uint8_t* out,
                       std::size_t max_size, unsigned seed, const DriverProfile& profile);

// A plausible scenario, a canonical one: opens a device, sends a few requests from one to three threads, cancels some.
Scenario random_scenario(std::uint64_t seed, const DriverProfile& profile);

}  // namespace wdm
