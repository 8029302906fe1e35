// Hardware IDs out of a driver's INF files: what Windows installs it for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wdm {

// The hardware IDs (not the compatible ones) of all models in the text of an INF file, each once, in order. A text that is no
// INF file has none.
std::vector<std::string> hardware_ids_of_inf(std::string_view text);

}  // namespace wdm
