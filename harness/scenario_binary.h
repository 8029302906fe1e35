// Layout of the binary form, version 1, shared by decode and encode. All numbers are little-endian.
//
//   header | operation records | directive records | free | data of the last operation | ... | data of the first
//
// Both lists of records are as long as the header says or as there is room, and an operation's data as long as its
// record says or as there are bytes left; so nothing is ever out of range. What is missing reads as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "harness/scenario.h"

namespace wdm::binary {

inline constexpr std::uint8_t kVersion = 1;

// Offsets in the header.
enum : std::size_t {
  kVersionAt = 0,
  kCpusAt = 1,  // 0 is two processors
  kOperationCountAt = 2,
  kStrategyAt = 3,
  kRunsAt = 4,            // less one; the two highest bits are the operation count's
  kDirectiveCountAt = 5,  // 16 bits
  kSeedAt = 7,            // 64 bits
};
inline constexpr std::size_t kHeaderSize = 15;

// Offsets in an operation record.
enum : std::size_t {
  kOpKindAt = 0,
  kOpWhoAt = 1,  // bits 0-1 thread less one, 2-4 handle less one, 5-6 pointers, 7 cancelled
  kOpDeviceAt = 2,
  kOpIrqlAt = 3,  // kDispatchBit, kSynchronousBit
  kOpMinorAt = 4,
  kOpCodeIndexAt = 5,  // of the driver's IOCTLs; used when kOpCodeAt is none of them
  kOpIdAt = 6,
  kOpTargetAt = 8,
  kOpDataSizeAt = 10,
  kOpOutSizeAt = 12,
  kOpCodeAt = 14,    // 32 bits
  kOpOffsetAt = 18,  // 64 bits
};
inline constexpr std::size_t kOpSize = 26;
inline constexpr std::uint8_t kDispatchBit = 1, kSynchronousBit = 2;
inline constexpr std::uint8_t kRawCode = 0xff;  // code index: the code counts as it is

// Offsets in a directive record.
enum : std::size_t {
  kDirectiveKindAt = 0,  // kind | phase << 2 | context kind << 4
  kDirectiveActorAt = 1,
  kDirectiveOccurrenceAt = 2,
  kDirectiveNumberAt = 4,  // of the context
  kDirectiveDdiAt = 6,     // 32 bits, ddi_key
};
inline constexpr std::size_t kDirectiveSize = 10;

// A DDI is stored by a hash of its name, so that the table may grow and be re-ordered: 0 is DDI_None. 16 bits would be
// too few: among 700 names three or four pairs would collide.
std::uint32_t ddi_key(std::uint16_t ddi);
// The DDI with that key, or nothing.
std::optional<std::uint16_t> find_ddi_key(std::uint32_t key);

inline constexpr std::uint8_t kAboveBit = 0x80;  // in the byte of the processors: Scenario::above
inline constexpr std::uint8_t kFaultsBit = 0x40;  // there, too: Schedule::faults
static_assert(limits::kMaxCpus <= kFaultsBit);
inline constexpr unsigned kCpuBias = 1;  // the byte 0 is the default number of processors
inline std::uint8_t cpus_of_byte(std::uint8_t byte) {
  return static_cast<std::uint8_t>((byte + kCpuBias) % limits::kMaxCpus + 1);
}
inline std::uint8_t byte_of_cpus(std::uint8_t cpus) {
  return static_cast<std::uint8_t>((cpus - 1u - kCpuBias) % limits::kMaxCpus);
}

inline constexpr unsigned kRunsMask = 0x3f;
static_assert(limits::kMaxRuns == kRunsMask + 1);
inline unsigned operation_count(const std::uint8_t* header) {
  return header[kOperationCountAt] | (header[kRunsAt] & ~kRunsMask) << 2;
}

template <class T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store(std::uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace wdm::binary
