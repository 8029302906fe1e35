// Major and minor functions of IRPs, and statuses, that rules tell apart, by their documented numbers.
#pragma once

#include <cstdint>

#include "emu/trace/trace.h"

namespace wdm {

namespace major {
inline constexpr std::uint8_t kCreate = 0x00, kClose = 0x02, kRead = 0x03, kWrite = 0x04, kDeviceControl = 0x0e,
                              kInternalDeviceControl = 0x0f, kShutdown = 0x10, kCleanup = 0x12, kPower = 0x16,
                              kSystemControl = 0x17, kPnp = 0x1b;
}

namespace pnp {
inline constexpr std::uint8_t kStart = 0x00, kQueryRemove = 0x01, kRemove = 0x02, kCancelRemove = 0x03, kStop = 0x04,
                              kQueryStop = 0x05, kCancelStop = 0x06, kQueryDeviceRelations = 0x07, kSurpriseRemoval = 0x17;
}

inline constexpr std::uint8_t kSetPower = 0x02;

inline constexpr std::uint32_t kStatusPending = 0x103, kMoreProcessingRequired = 0xC0000016;

inline bool is_pnp(const DispatchCall& call, std::uint8_t minor) { return call.major == major::kPnp && call.minor == minor; }

// Which way does IRP_MN_SET_POWER go? S0 and D0, both number 1, are up; 0 is no state.
enum class PowerWay : std::uint8_t { none, up, down };
inline PowerWay power_way(const DispatchCall& call) {
  const std::uint8_t state = call.power & static_cast<std::uint8_t>(~DispatchCall::kDevicePower);
  if (call.major != major::kPower || call.minor != kSetPower || state == 0) return PowerWay::none;
  return state == 1 ? PowerWay::up : PowerWay::down;
}
inline bool is_system_power(const DispatchCall& call) { return (call.power & DispatchCall::kDevicePower) == 0; }

}  // namespace wdm
