// A scenario is plain data: what user mode does, and in which order everything runs. The binary form is what fuzzers
// mutate (any bytes are a scenario), the text form is what people read and what the corpus stores.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "emu/schedule/strategy.h"

namespace wdm {

enum class OpKind : std::uint8_t {
#define OP(name, word, text) name,
#include "harness/operations.def"
#undef OP
};

struct Operation {
  OpKind kind = OpKind::open;
  std::uint16_t id = 0;       // names the operation in directives and cancels; unique, survives minimising
  std::uint8_t thread = 1;    // user thread 1...kMaxUserThreads that issues it
  std::uint8_t handle = 1;    // open: number it gets; others: which file
  std::uint8_t device = 0;    // open: index of the device
  std::uint8_t irql = 0;      // cancel: 0 or 2
  std::uint8_t pointers = 0;  // nt_request::user_pointers
  bool cancelled = false;     // Irp->Cancel already set when it arrives
  std::uint8_t minor = 0;     // pnp, power
  std::uint16_t target = 0;   // cancel: id of the operation whose IRP is cancelled
  std::uint32_t code = 0;     // ioctl
  std::uint32_t out_size = 0;
  std::uint64_t offset = 0;   // read, write; wait: time to advance, 100 ns
  std::vector<std::uint8_t> data;  // input buffer

  bool operator==(const Operation&) const = default;
};

struct Scenario {
  std::uint8_t cpus = 2;
  std::vector<Operation> operations;
  Schedule schedule;
  std::string driver;  // text form only: which driver it was written for
  std::string expect;  // text form only: "clean", a SUMMARY line, or "" (unknown)

  bool operator==(const Scenario&) const = default;
};

// What is known about the driver, so that random operations make sense.
struct DriverProfile {
  std::string name;
  std::vector<std::uint32_t> ioctls;  // from its CTL_CODE macros and driver.toml
  std::vector<std::string> ioctl_names;
  std::uint32_t majors = 0xffffffff;  // bit set of IRP_MJ_*
  std::uint32_t devices = 1;
  bool pnp = false;
};

// Total: any bytes are a scenario. Structure comes from the front, payload from the back.
Scenario decode(std::span<const std::uint8_t> bytes, const DriverProfile& profile);
std::vector<std::uint8_t> encode(const Scenario& scenario, const DriverProfile& profile);

// The canonical text form (grammar in harness/README.md).
std::string to_text(const Scenario& scenario);
// Throws ScenarioError with "line 3: ..." when the text is not a scenario.
struct ScenarioError : std::runtime_error { using std::runtime_error::runtime_error; };
Scenario from_text(std::string_view text);

// A file's bytes, text or binary: text when they start with "wdmfuzz ".
Scenario parse(std::span<const std::uint8_t> bytes, const DriverProfile& profile);

}  // namespace wdm
