// What a run has to say to a person, as a value. Renderers turn it into text, HTML, JSON or a Perfetto timeline and
// decide nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emu/machine/outcome.h"
#include "emu/trace/trace.h"
#include "harness/painter.h"
#include "harness/scenario.h"
#include "harness/symbolize.h"

namespace wdm {

// A place in the driver's source; line 0 when there is none.
struct Place {
  std::string function;
  std::string file;  // relative to the driver's directory
  std::string path;
  unsigned line = 0;
};

// How a run ended, small enough to compare: the key of a finding. Equal in every process that runs the same executable.
struct Verdict {
  Outcome outcome = Outcome::clean;
  std::string what;          // rule, AddressSanitizer's word, missing DDI, or limit
  std::uint64_t place = 0;   // offset of the driver's code it points at, from text_begin; kNoPlace when unknown

  bool operator==(const Verdict&) const = default;
};
inline constexpr std::uint64_t kNoPlace = ~std::uint64_t{0};

struct Step {
  std::uint32_t number = 0;  // index of the event
  unsigned cpu = 0;
  unsigned thread_number = 0;
  std::string thread;        // "T2", "idle0"
  std::string context;       // "op 3", "dpc 1"
  unsigned irql = 0;
  std::string text;          // "acquires Lock A"
  Place place;
  bool preempts = false;     // another thread was in the middle of driver code just before
  bool evidence = false;     // belongs to the finding
  bool finding = false;      // is the finding
};

// A lock held on a processor, over a range of steps (indexes into Report::steps, both inclusive).
struct LockSpan {
  std::string label;
  unsigned cpu = 0;
  unsigned lane = 0;  // spans of one processor that overlap have different lanes
  std::size_t first = 0, last = 0;
};

struct ObjectNote {
  std::string label;  // "Lock A"
  Place origin;       // where the driver made or first used it
};

struct SourceLine {
  unsigned number = 0;
  std::string text;
};

struct Excerpt {
  std::string file;
  unsigned line = 0;  // the one it is about
  std::vector<SourceLine> lines;
};

struct Report {
  std::string driver;
  Outcome outcome = Outcome::clean;
  bool sanitizer = false;         // AddressSanitizer has already told its part
  std::string rule;               // or its counterpart for the other outcomes: "NotEmulated", "Limit", "EmuBug"
  std::string headline;           // "DRIVER BUG: SpinLock: spin lock acquired again by the CPU that holds it"
  std::string bug_check;          // "0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION (0x00040009)", or ""
  std::vector<Frame> stack;       // driver frames only, innermost first
  std::string dedup_token;
  std::vector<Step> involved;     // the finding and its evidence, most important first
  std::vector<ObjectNote> objects;
  std::vector<Step> steps;        // the last steps of the run
  std::vector<LockSpan> locks;
  std::vector<Excerpt> excerpts;  // around the places of `steps`
  unsigned cpus = 0;
  RunStats stats;
  std::string rule_sentence;
  std::string rule_title;         // of its documentation page
  std::string scenario;           // text form, with the explicit schedule
  std::string reproduce;          // a command line; the caller knows the file
  std::string driver_output;      // DbgPrint, when asked for
  std::string summary;            // "SpinLock mailbox.c:118 in MailboxCancel"
  std::vector<std::string> passed;  // SUMMARYs of findings that the run was made to go on past
};

// The scenario whose only schedule is the one that `result` went through: it replays as is.
Scenario explicit_scenario(const Scenario& scenario, const RunResult& result);

Verdict verdict_of(const Trace& trace, const RunResult& result, const DriverImage& image);
// "SpinLock mailbox.c:118 in MailboxCancel"; "" for a clean run. May start the symbolizer.
std::string summary_of(const Verdict& verdict, const DriverImage& image);

Report make_report(const Trace& trace, const RunResult& result, const Scenario& scenario, const DriverImage& image);
// What AddressSanitizer saw, and who ran when it did.
struct SanitizerFinding {
  std::string kind;                  // its word: "heap-use-after-free"
  std::vector<std::uint64_t> stack;  // the driver's frames, as call sites
  unsigned cpu = 0, thread = 0, irql = 0;
};
// The same for a run that AddressSanitizer ended.
Report make_sanitizer_report(const SanitizerFinding& finding, const Trace& trace, const RunResult& result,
                             const Scenario& scenario, const DriverImage& image);

std::string render_text(const Report& report, Colour colour);
std::string render_html(const Report& report);
std::string render_json(const Report& report);
std::string render_perfetto(const Report& report);

// Prints the report of a run that was not clean and ends the process with a trap on the driver's stack.
[[noreturn]] void report_and_trap(const Scenario& scenario, const RunResult& result);

}  // namespace wdm
