#include "harness/driver_profile.h"

#include <nlohmann/json.hpp>

namespace wdm {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DriverProfile, name, ioctls, ioctl_names, majors, devices, pnp, faults, ddis, interrupts, names, handled, numbers)

std::string profile_to_text(const DriverProfile& profile) { return nlohmann::json(profile).dump(); }

std::optional<DriverProfile> profile_from_text(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  try {
    return json.get<DriverProfile>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace wdm
