// The hardware IDs that the INF files around a driver's sources name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace wdm {

// Those of the INF files (*.inf, *.inx) of a driver: in `directory`, else one folder below it, else in the one above it. IDs of
// root-enumerated devices come first, since that is what a device is that nobody plugs in.
std::vector<std::string> find_hardware_ids(const std::filesystem::path& directory);

}  // namespace wdm
