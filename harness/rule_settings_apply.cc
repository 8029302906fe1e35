// The half of rule_settings.h that runs in the driver's executable.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "emu/machine/machine.h"
#include "harness/driver_info.h"
#include "harness/pass_over.h"
#include "harness/report.h"
#include "harness/rule_settings.h"
#include "harness/symbolize.h"

namespace wdm {

namespace {

std::vector<RuleSetting> suppressions;

// Is the place in that function, or in one that is inlined there?
bool names_function(const RuleSetting& setting, std::uint64_t place) {
  if (setting.function == "*") return true;
  if (place == kNoPlace) return false;
  const auto& frames = symbolize(reinterpret_cast<std::uint64_t>(driver_image().text_begin) + place);
  return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) { return frame.function == setting.function; });
}

// Looks up the function only when the rule fits: that takes a child process.
bool suppresses(const RuleSetting& setting, const std::string& what, std::uint64_t place) {
  return setting.rule == what && names_function(setting, place);
}

// Nothing is left out in silence.
void say_once(const RuleSetting& setting) {
  static std::set<std::pair<std::string, std::string>> said;
  if (!said.insert({setting.rule, setting.function}).second) return;
  fmt::print(stderr, "wdmfuzz: suppressed by driver.toml: {} in {}\n", setting.rule, setting.function);
}

}  // namespace

void apply_rule_settings() {
  for (RuleSetting& setting : rule_settings_from(driver_rule_settings())) {
    if (setting.kind == RuleSetting::Kind::suppress)
      suppressions.push_back(std::move(setting));
    else
      machine().tracker().enable(setting.rule, setting.kind == RuleSetting::Kind::on);
  }
  if (!suppressions.empty()) pass_over_suppressed();
}

bool is_suppressed(const std::string& what, std::uint64_t place) {
  const auto found = std::find_if(suppressions.begin(), suppressions.end(),
                                  [&](const RuleSetting& setting) { return suppresses(setting, what, place); });
  if (found == suppressions.end()) return false;
  say_once(*found);
  return true;
}

}  // namespace wdm
