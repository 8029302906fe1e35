// What happens when the process itself is about to end: AddressSanitizer found something in the driver, or the driver
// loops without ever reaching the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "harness/report.h"

namespace wdm {

// What is running, for a report from a crash: a scenario, or a fuzzer's input that is decoded only when needed. Kept by
// pointer: it has to stay alive until the next call.
void set_running(const Scenario* scenario);
void set_running(std::span<const std::uint8_t> input);

struct CrashHooks {
  // Gets the verdict of a run that will not return, and the scenario with its explicit schedule, before the process
  // ends. When it is empty, a report is made instead.
  std::function<void(const Verdict&, const Scenario&)> deliver;
  // Gets that report. Empty: it goes to stderr as text.
  std::function<void(const Report&)> report;
  // A fuzzing engine runs in this process: die the way it expects, so that it keeps its input. Otherwise the process
  // ends with our own exit code right after the report, whose SUMMARY is then the last line.
  bool under_engine = false;
};

// Installs the hooks: AddressSanitizer's report is followed by ours, and a driver that uses `kLoopSeconds` of processor
// time without a scheduling point ends the process as LIMIT.
void watch_for_crashes(CrashHooks hooks);
inline constexpr unsigned kLoopSeconds = 10;

// What an access that the processor trapped is called: `word` is AddressSanitizer's, and below 64 KiB, where nothing is ever
// mapped, its SEGV is the rule NullCheck.
std::string trapped_kind(std::string_view word, std::uintptr_t address);

// A bad access whose kind and place are known without AddressSanitizer's report: where only the verdict is wanted, hands it
// out and ends the process, many times faster than a report with its symbols. Otherwise returns.
void deliver_bad_access(const std::string& kind, std::uint64_t place);

// For UndefinedBehaviorSanitizer, before its own report: ours, with its word and its sentence. What follows is the
// caller's. Only the first report of a process is made.
void report_undefined(const std::string& kind, const std::string& sentence);

}  // namespace wdm
