// AFL++'s custom mutator: the mutations that libFuzzer gets from LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver.
// afl-fuzz loads it; the variable WDMFUZZ_PROFILE names the file that tells it about the driver.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/afl_mutator.h"
#include "fuzz/blind_mutation.h"
#include "harness/driver_profile.h"
#include "harness/mutate.h"

namespace {

constexpr std::size_t kMaxInputBytes = 4096;  // as for libFuzzer
constexpr unsigned kSplicePercent = 10;

struct Mutator {
  wdm::Random random;
  wdm::DriverProfile profile;
  std::vector<std::uint8_t> out = std::vector<std::uint8_t>(kMaxInputBytes);
};

// One afl-fuzz, one mutator: a BlindMutation has no place for its randomness.
wdm::Random* blind_random = nullptr;
std::size_t blind(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  return wdm::mutate_bytes(data, size, max_size, *blind_random);
}

std::string text_of(const char* file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

wdm::DriverProfile profile() {
  const char* const file = std::getenv("WDMFUZZ_PROFILE");
  const auto profile = wdm::profile_from_text(file ? text_of(file) : "");
  if (profile) return *profile;
  std::fputs("wdmfuzz: WDMFUZZ_PROFILE names no profile of a driver; start AFL++ with wdmfuzz fuzz --engine afl\n", stderr);
  std::_Exit(2);
}

}  // namespace

void* afl_custom_init(void*, unsigned seed) { return new Mutator{wdm::Random(seed), profile()}; }

std::size_t afl_custom_fuzz(void* data, std::uint8_t* input, std::size_t size, std::uint8_t** out, std::uint8_t* other,
                            std::size_t other_size, std::size_t max_size) {
  Mutator& mutator = *static_cast<Mutator*>(data);
  blind_random = &mutator.random;
  const std::size_t limit = std::min(max_size, kMaxInputBytes);
  const auto seed = static_cast<unsigned>(mutator.random.next());
  std::uint8_t* const buffer = mutator.out.data();
  *out = buffer;
  size = std::min(size, limit);
  if (other && other_size && mutator.random.percent(kSplicePercent))
    return wdm::cross_over({input, size}, {other, other_size}, buffer, limit, seed, mutator.profile);
  std::memcpy(buffer, input, size);
  return wdm::mutate(buffer, size, limit, seed, mutator.profile, blind);
}

void afl_custom_deinit(void* data) { delete static_cast<Mutator*>(data); }
