// wdmfuzz check: loads and unloads the driver, and lists the DDIs it uses.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <sstream>
#include <vector>

#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/report_words.h"
#include "harness/report_crash.h"
#include "harness/run.h"

namespace wdm {

namespace {

struct DdiUse {
  std::vector<std::string> emulated, missing;
};

// The driver compiler's list: "emulated NAME", "missing NAME", "data NAME".
DdiUse ddis_of_driver() {
  DdiUse use;
  std::istringstream lines(read_text(executable_directory() / "driver.o.ddis"));
  for (std::string kind, name; lines >> kind >> name;) (kind == "missing" ? use.missing : use.emulated).push_back(name);
  return use;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void print_ioctls() {
  const DriverProfile& profile = driver_profile();
  fmt::print("IOCTL codes: {}\n", profile.ioctls.size());
  for (std::size_t i = 0; i < profile.ioctls.size(); ++i)
    fmt::print("  {:#010x} {}\n", profile.ioctls[i], profile.ioctl_names[i]);
}

void print_ddis(const DdiUse& use) {
  fmt::print("DDIs: {} emulated, {} not emulated\n", use.emulated.size(), use.missing.size());
  if (!use.emulated.empty()) fmt::print("  emulated: {}\n", joined(use.emulated));
  if (!use.missing.empty()) fmt::print("  not emulated: {}\n", joined(use.missing));
}

int load_and_unload() {
  watch_for_crashes({});
  Scenario nothing;
  nothing.driver = driver_profile().name;
  set_running(&nothing);
  const RunResult result = run(driver_image(), nothing, {});
  if (result.outcome != Outcome::clean) {
    Report report = make_report(last_trace(), result, nothing, driver_image());
    report.reproduce = fmt::format("{} check {}", program_as_typed(), driver_argument());
    fmt::print("{}", render_text(report, Colour::off));
    return exit_code(result.outcome);
  }
  fmt::print("DriverEntry: {}\n", status_name(result.load_status));
  if (result.load_status >> 31)
    throw UserError(fmt::format("{}: DriverEntry returns {}, so there is nothing to run; see what it needs",
                                driver_argument(), status_name(result.load_status)));
  if (driver_profile().pnp)
    fmt::print("AddDevice and start: {}\n", status_name(result.device_status));
  fmt::print("devices that can be opened: {}\n", result.devices);
  fmt::print("load and unload: clean, {} steps\n", result.stats.steps);
  return kExitClean;
}

}  // namespace

int verb_check(const Options&) {
  const DdiUse use = ddis_of_driver();
  fmt::print("driver {}: compiles\n", driver_profile().name);
  print_ioctls();
  print_ddis(use);
  std::fflush(stdout);
  const int code = load_and_unload();
  if (code != kExitClean) return code;
  return use.missing.empty() ? kExitClean : exit_code(Outcome::not_emulated);
}

}  // namespace wdm
