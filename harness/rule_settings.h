// What a driver's driver.toml says about rules, [rules]: which are judged, and which findings are of no interest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wdm {

// One line of what is compiled into the driver's executable.
struct RuleSetting {
  enum class Kind { on, off, suppress } kind;
  std::string rule;      // of suppress also AddressSanitizer's word
  std::string function;  // of suppress: the function that a SUMMARY names, or "*"
};

// "on LockHeldAcrossCall \noff PoolLeak \nsuppress SpinLockSafe Complete\n", and back.
std::string rule_settings_text(const std::vector<RuleSetting>& settings);
std::vector<RuleSetting> rule_settings_from(std::string_view text);

// "" when there is a rule of exactly that name, else that there is none, and which are meant perhaps: names that contain what was
// typed, in whatever case, then those that it takes the fewest changes to get to.
std::string unknown_rule(std::string_view name);

// From now on this process judges as the settings of its driver say. A finding that is suppressed is passed over like one that is
// known already (pass_over.h), and named once on stderr.
void apply_rule_settings();
// Has driver.toml suppressed findings of this rule or word, at that place? `place`: offset from the begin of the driver's code.
bool is_suppressed(const std::string& what, std::uint64_t place);

}  // namespace wdm
