#include "harness/cli_scenario.h"

#include <span>

namespace wdm {

Scenario read_scenario(const std::string& file, const DriverProfile& profile) {
  const auto bytes = read_file(file);
  try {
    return parse(bytes, profile);
  } catch (const ScenarioError& error) {
    throw UserError(file + ": " + error.what());
  }
}

int verb_show(const Options& options, const DriverProfile& profile) {
  write_output(options, to_text(read_scenario(options.files.front(), profile)));
  return kExitClean;
}

int verb_assemble(const Options& options, const DriverProfile& profile) {
  const auto bytes = encode(read_scenario(options.files.front(), profile), profile);
  write_output(options, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return kExitClean;
}

}  // namespace wdm
