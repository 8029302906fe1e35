// How a run ended, as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emu/rules/rule.h"
#include "emu/schedule/strategy.h"

struct nt_seed_value;
struct nt_seed_file;
struct nt_hardware;

namespace wdm {

enum class Outcome : std::uint8_t { clean, driver_bug, not_emulated, limit, emu_bug };
int exit_code(Outcome outcome);                  // 0, 1, 3, 4, 5
std::string_view outcome_word(Outcome outcome);  // "DRIVER BUG", ...

struct RunStats {
  std::uint32_t steps = 0;         // scheduling points passed
  std::uint32_t switches = 0;
  std::uint32_t preemptions = 0;
  std::uint32_t dispatched = 0;    // IRPs that reached the driver
};

struct RunResult {
  Outcome outcome = Outcome::clean;
  std::optional<Finding> finding;           // driver_bug
  std::string message;                      // the other outcomes: NOT EMULATED name, limit passed, assertion
  std::vector<std::uint64_t> stack;         // code addresses on the failing fiber, innermost first, driver frames only
  std::vector<Directive> decisions;         // how the schedule differed from the non-preemptive one: replays as is
  RunStats stats;
  std::uint32_t load_status = 0;            // what DriverEntry returned
  std::uint32_t device_status = 0;          // what AddDevice or the start of the device returned; 0xC00000BB without AddDevice
  std::uint32_t devices = 0;                // how many could be opened at the end
};

// The built-in image: its DriverEntry and where its code and data lie.
struct DriverImage {
  const char* name;
  void* entry;
  const void* text_begin;
  const void* text_end;
  const struct nt_hardware* hardware = nullptr;  // of the device it is loaded for; null: none
  const std::uint8_t* registers = nullptr;       // what those answer from the start on
  std::size_t register_count = 0;
  // What is in the registry and on disk before it is loaded (hypercall.h); null: nothing.
  const nt_seed_value* registry = nullptr;
  const nt_seed_file* files = nullptr;
  const char* hardware_ids = nullptr;  // as nt_set_hardware_ids takes them
};

struct RunOptions {
  std::uint32_t max_steps = 200'000;
  bool rules = true;
};

}  // namespace wdm
