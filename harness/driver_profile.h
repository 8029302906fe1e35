// A driver's profile as text, for a process that is not the driver's own executable.
#pragma once

#include <string>
#include <string_view>

#include "harness/scenario.h"

namespace wdm {

// JSON.
std::string profile_to_text(const DriverProfile& profile);
// Nothing when the text is not what profile_to_text writes.
std::optional<DriverProfile> profile_from_text(std::string_view text);

}  // namespace wdm
