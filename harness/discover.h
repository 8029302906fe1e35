// What a driver is made of and which IOCTL codes it knows, from its directory alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/rule_settings.h"

namespace wdm {

struct Ioctl {
  std::string name;
  std::uint32_t code = 0;
  std::uint32_t in_size = 0;   // 0: unknown
  std::uint32_t out_size = 0;
};

// What the registry holds before the driver is loaded.
struct SeedValue {
  std::string key;   // below the driver's service key, or absolute when it begins with a backslash
  std::string name;  // empty: the default value
  std::uint32_t type = 0;  // REG_*
  std::string data;
  bool key_only = false;  // an empty key
};

// A file on the emulated disk.
struct SeedFile {
  std::string path;  // C:\folder\name
  std::string data;
};

// What the device that the driver is loaded for has: driver.toml's [device].
struct HardwareSpec {
  bool given = false;
  std::uint32_t port = 0, port_length = 0;
  std::uint32_t memory = 0, memory_length = 0;
  std::vector<std::uint8_t> interrupts;  // levels
  std::vector<std::uint8_t> registers;   // what they answer from the start on
};

struct DriverSpec {
  std::string name;
  std::filesystem::path directory;             // absolute
  std::vector<std::filesystem::path> sources;  // absolute, sorted
  std::vector<std::filesystem::path> includes;
  std::vector<std::string> defines;            // NAME or NAME=VALUE
  std::vector<Ioctl> ioctls;                   // of driver.toml
  std::vector<std::string> hardware_ids;       // what it is installed for; the first is that of its own device
  unsigned devices = 0;                        // 0: unknown
  HardwareSpec hardware;
  std::vector<SeedValue> registry;
  std::vector<SeedFile> files;
  std::vector<RuleSetting> rules;
  std::vector<std::filesystem::path> settings; // the driver.toml files that were read
};

// `driver` is a directory or the name of a sample below `samples`. Reads driver.toml when there is one; its keys are
// name, sources, includes, defines, ioctls (tables of code, name, in, out), devices, device (a table of ports, memory,
// interrupts, registers), hardware_ids, registry and files (seeds.h), rules (a table of advice, off, suppress), and directory: where
// the driver is when driver.toml lies elsewhere. A driver.toml there is read too and comes first. Throws UserError.
DriverSpec resolve_driver(const std::string& driver, const std::vector<std::string>& defines,
                          const std::filesystem::path& samples);

// Codes of all CTL_CODE macros that the sources define, and of those from system headers that they mention, after
// those of driver.toml; each code once. `front_end`: the command that compiles the driver's dialect with all its options,
// as words. Costs two runs of the preprocessor and a small compilation per source.
std::vector<Ioctl> discover_ioctls(const DriverSpec& spec, const std::vector<std::string>& front_end);

}  // namespace wdm
