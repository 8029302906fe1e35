#include "harness/driver_info.h"

#include <algorithm>
#include <cstdlib>

#include "emu/machine/hypercall.h"
#include "emu/trace/ddi_numbers.h"

// Made by the driver compiler, the linker, and write_info_source of driver_build.cc.
extern "C" {
[[gnu::weak]] unsigned DriverEntry(void*, void*);
[[gnu::weak]] extern const char __start_wdm_text[];
[[gnu::weak]] extern const char __stop_wdm_text[];

struct wdm_info_ioctl {
  const char* name;
  unsigned code, in_size, out_size;
};
[[gnu::weak]] extern const char wdm_info_name[];
[[gnu::weak]] extern const char wdm_info_directory[];
[[gnu::weak]] extern const char wdm_info_hardware_ids[];
[[gnu::weak]] extern const char wdm_info_rules[];
[[gnu::weak]] extern const unsigned wdm_info_devices;
[[gnu::weak]] extern const unsigned wdm_info_pnp;
[[gnu::weak]] extern const unsigned wdm_info_names;
[[gnu::weak]] extern const unsigned wdm_info_interrupts;
[[gnu::weak]] extern const struct nt_hardware wdm_info_hardware;
[[gnu::weak]] extern const unsigned wdm_info_register_count;
[[gnu::weak]] extern const unsigned char wdm_info_registers[];
[[gnu::weak]] extern const unsigned wdm_info_majors;
[[gnu::weak]] extern const unsigned wdm_info_ioctl_count;
[[gnu::weak]] extern const struct wdm_info_ioctl wdm_info_ioctls[];
[[gnu::weak]] extern const unsigned wdm_info_number_count;
[[gnu::weak]] extern const unsigned wdm_info_numbers[];
[[gnu::weak]] extern const char* const wdm_info_ddis[];
[[gnu::weak]] extern const struct nt_seed_value wdm_info_registry[];
[[gnu::weak]] extern const struct nt_seed_file wdm_info_files[];
}

namespace wdm {

namespace {

unsigned fixed_cpus = 0;

DriverProfile read_profile() {
  DriverProfile profile;
  profile.name = wdm_info_name ? wdm_info_name : "driver";
  if (!wdm_info_name) return profile;
  profile.pnp = wdm_info_pnp != 0;
  profile.names = wdm_info_names != 0;
  profile.majors = wdm_info_majors;
  profile.interrupts = wdm_info_interrupts != 0;
  if (wdm_info_devices) profile.devices = wdm_info_devices;
  for (unsigned i = 0; i < wdm_info_ioctl_count; ++i) {
    profile.ioctls.push_back(wdm_info_ioctls[i].code);
    profile.ioctl_names.emplace_back(wdm_info_ioctls[i].name);
  }
  for (unsigned i = 0; i < wdm_info_number_count; ++i) {
    const auto& ioctls = profile.ioctls;
    const bool is_code = std::find(ioctls.begin(), ioctls.end(), wdm_info_numbers[i]) != ioctls.end();
    (is_code ? profile.handled : profile.numbers).push_back(wdm_info_numbers[i]);
  }
  for (const char* const* name = wdm_info_ddis; *name; ++name)
    if (const std::uint16_t ddi = find_ddi(*name); ddi != DDI_None) profile.ddis.push_back(ddi);
  return profile;
}

DriverProfile& profile() {
  static DriverProfile profile = read_profile();
  return profile;
}

std::string& argument() {
  static std::string text = driver_profile().name;
  return text;
}

}  // namespace

const DriverImage& driver_image() {
  static const DriverImage image{driver_profile().name.c_str(),
                                 reinterpret_cast<void*>(DriverEntry),
                                 __start_wdm_text,
                                 __stop_wdm_text,
                                 &wdm_info_hardware,
                                 wdm_info_registers,
                                 &wdm_info_register_count ? wdm_info_register_count : 0,
                                 wdm_info_registry,
                                 wdm_info_files,
                                 wdm_info_hardware_ids};
  return image;
}

const DriverProfile& driver_profile() { return profile(); }

void learn_devices(std::uint32_t devices) {
  profile().devices = std::max(profile().devices, devices);
}

const std::string& driver_directory() {
  static const std::string directory = wdm_info_directory ? wdm_info_directory : "";
  return directory;
}

const char* driver_rule_settings() { return wdm_info_rules ? wdm_info_rules : ""; }

const std::string& driver_argument() { return argument(); }
void set_driver_argument(std::string text) { argument() = std::move(text); }

std::string program_as_typed() {
  const char* const command = std::getenv("WDMFUZZ_COMMAND");
  return command && *command ? command : "./wdmfuzz";
}

void set_fixed_cpus(unsigned cpus) { fixed_cpus = cpus; }

void set_faults(bool faults) { profile().faults = faults; }

namespace {

// Engines mutate bytes, those of a text as well: what no longer is one is a binary scenario like any other.
void parse_anything(Scenario& scenario, std::span<const std::uint8_t> bytes) {
  try {
    parse_to(scenario, bytes, driver_profile());
  } catch (const ScenarioError&) {
    decode_to(scenario, bytes, driver_profile());
  }
}

// What a text says by name, a `fail` directive, is meant; a bit or a number that some engine has hit upon is not.
void refuse_faults(Schedule& schedule) {
  schedule.faults = false;
  if (schedule.strategy == StrategyId::each_fault) schedule.strategy = StrategyId::directed, schedule.runs = 1;
}

}  // namespace

Scenario input_scenario(std::span<const std::uint8_t> bytes) {
  Scenario scenario;
  read_input(scenario, bytes);
  return scenario;
}

void read_input(Scenario& scenario, std::span<const std::uint8_t> bytes) {
  parse_anything(scenario, bytes);
  if (!driver_profile().faults) refuse_faults(scenario.schedule);
  if (fixed_cpus) scenario.cpus = static_cast<std::uint8_t>(fixed_cpus);
}

}  // namespace wdm
