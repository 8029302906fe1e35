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

#include "emu/machine/limits.h"
#include "emu/schedule/strategy.h"

namespace wdm {

// What a scenario may hold. The text form says so when a limit is passed; the binary form cannot pass one.
namespace limits {
inline constexpr unsigned kMaxOperations = 512;
inline constexpr unsigned kMaxOperationId = 65535;
inline constexpr unsigned kMaxHandles = 8;
inline constexpr unsigned kMaxDataBytes = 512;
inline constexpr unsigned kMaxOutBytes = 4096;
inline constexpr unsigned kMaxRuns = 64;
// An explicit schedule names every decision of a run that went through another strategy, so this is not a small number.
inline constexpr unsigned kMaxDirectives = 16384;
inline constexpr std::uint64_t kMaxWait_100ns = (std::uint64_t{1} << 40) - 1;  // 30 hours

static_assert(kUserThreads == 4 && kMaxHandles == 8, "the binary form has two and three bits for them");
static_assert((kMaxWait_100ns & (kMaxWait_100ns + 1)) == 0, "the decoder masks with it");
static_assert(kMaxOperations < 1024, "the binary form counts operations in 10 bits");
static_assert(kMaxDirectives <= 65535, "the binary form counts directives in 16 bits");
}  // namespace limits

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
  std::uint8_t minor = 0;     // pnp, power; open: 1 makes a named pipe, 2 a mailslot
  bool synchronous = false;   // open: requests are sent one at a time, and their thread waits for them
  std::uint16_t target = 0;   // cancel: id of the operation whose IRP is cancelled
  std::uint32_t code = 0;     // ioctl
  std::uint32_t out_size = 0;
  std::uint64_t offset = 0;        // read, write; wait: time to advance, 100 ns
  std::vector<std::uint8_t> data;  // input buffer; open: the name behind the device's, UTF-16

  bool operator==(const Operation&) const = default;
};

// Number of kinds of operation, and their words in the text form.
unsigned op_count();
std::string_view op_word(OpKind kind);
std::optional<OpKind> find_op(std::string_view word);

// Which fields an operation of this kind has; in a canonical scenario all others keep their defaults. Requests without
// a handle come from the kernel, which is handle 0.
struct OpFields {
  bool handle = false;
  bool device = false;
  bool target = false, irql = false;  // cancel
  bool minor = false;
  bool data = false;
  bool out = false;
  bool offset = false;
  bool time = false;  // `offset` is a duration
  bool pointers = false;
  bool cancelled = false;
  bool synchronous = false;
  const char* code = nullptr;  // key of `code` in the text form; "" when it stands without one, null: no code
};
const OpFields& fields_of(OpKind kind);

struct Scenario {
  std::uint8_t cpus = 2;
  // Plug-and-play drivers: requests come from a driver above, without a file object, to a device that was added but never
  // started. A driver has to fail them, not to break.
  bool above = false;
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
  bool faults = false;  // random scenarios and mutations may let allocations and requests fail
  std::vector<std::uint16_t> ddis;  // DDI_* that it calls, for directives; empty: not known
  bool interrupts = false;          // it connects a service routine
  bool names = true;                // it looks at names of files
  std::vector<std::uint32_t> handled;  // those of `ioctls` that it looks for; others are merely in a header
  std::vector<std::uint32_t> numbers;  // that it compares its input with (numbers.h), for lengths and data
};

// The scenario within the limits, without what does nothing: fields that a kind of operation does not have, directives
// that name no operation or actor. Ids become unique, and cancels get a target that exists. Costs no allocation when
// all is well.
void make_canonical(Scenario& scenario);

// Total: any bytes are a scenario, and a canonical one. Structure comes from the front, payload from the back
// (harness/README.md). Nothing at all is a scenario without operations.
Scenario decode(std::span<const std::uint8_t> bytes, const DriverProfile& profile);
// The same into `scenario`, whose memory is used again: for what runs a hundred thousand times a second.
void decode_to(Scenario& scenario, std::span<const std::uint8_t> bytes, const DriverProfile& profile);
// decode(encode(s)) is s, for a canonical s without `driver` and `expect`, which only the text form has.
std::vector<std::uint8_t> encode(const Scenario& scenario, const DriverProfile& profile);
// Size of what encode returns.
std::size_t encoded_size(const Scenario& scenario);

// The canonical text form (grammar in harness/README.md).
std::string to_text(const Scenario& scenario);
struct ScenarioError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The scenario of a text, a canonical one. Throws ScenarioError with "line 3: ..." when it is none or beyond the
// limits.
Scenario from_text(std::string_view text);

// A file's bytes, text or binary: text when they start with "wdmfuzz ".
Scenario parse(std::span<const std::uint8_t> bytes, const DriverProfile& profile);
void parse_to(Scenario& scenario, std::span<const std::uint8_t> bytes, const DriverProfile& profile);

}  // namespace wdm
