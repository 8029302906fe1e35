// Hardware IDs out of a driver's INF files: what Windows installs it for.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wdm {

// The hardware IDs (not the compatible ones) of all models in the text of an INF file, each once, in order. A text that is no
// INF file has none.
std::vector<std::string> hardware_ids_of_inf(std::string_view text);

// Those of the INF files (*.inf, *.inx) of a driver: in `directory`, else one folder below it, else in the one above it. IDs of
// root-enumerated devices come first, since that is what a device is that nobody plugs in.
std::vector<std::string> find_hardware_ids(const std::filesystem::path& directory);

}  // namespace wdm
