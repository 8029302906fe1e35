// The driver that is linked into this executable: what the generated info object and the linker know about it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "emu/machine/outcome.h"
#include "harness/scenario.h"

namespace wdm {

// Its entry point and where its code lies.
const DriverImage& driver_image();
// Its name and IOCTL codes, as found when it was built.
const DriverProfile& driver_profile();
// A run has shown so many devices that can be opened: from now on random operations use them all.
void learn_devices(std::uint32_t devices);
// Directory of its sources, "" when unknown; file names in reports are relative to it.
const std::string& driver_directory();
// What its driver.toml says about rules (rule_settings.h).
const char* driver_rule_settings();
// DRIVER as the user typed it, for reproduce lines; the driver's name unless set.
const std::string& driver_argument();
void set_driver_argument(std::string argument);
// The command in reproduce lines: "./wdmfuzz", or what the variable WDMFUZZ_COMMAND says for an installed program.
std::string program_as_typed();

// Emulated processors of every scenario read by input_scenario; 0: as the input says.
void set_fixed_cpus(unsigned cpus);
// Whether mutations and inputs may let allocations and requests fail; off unless set.
void set_faults(bool faults);
// The scenario that a fuzzer's input stands for; total, also for broken text.
Scenario input_scenario(std::span<const std::uint8_t> bytes);
// The same into `scenario`, whose memory is used again.
void read_input(Scenario& scenario, std::span<const std::uint8_t> bytes);

}  // namespace wdm
