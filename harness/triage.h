// What a folder of inputs comes down to: one bucket per SUMMARY. A value; the driver's executable fills it, the command
// line renders it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wdm {

struct Bucket {
  std::string summary;         // "SpinLock mailbox.c:118 in MailboxCancel": the key
  std::string outcome;         // "DRIVER BUG", "NOT EMULATED", "LIMIT", "EMU BUG"
  std::string rule;
  std::string headline;        // "DRIVER BUG: SpinLock: spin lock acquired again by the CPU that holds it"
  std::string rule_sentence;
  std::string path;            // of the source, absolute; "" when there is no place
  std::string function;
  unsigned line = 0, column = 0;
  std::size_t count = 0;       // inputs; a scenario and the raw input beside it are one
  std::int64_t first_seen = 0; // time of the oldest of them, seconds since 1970
  std::string representative;  // file of the smallest one
  std::string reproduce;       // a command line
  std::string scenario;        // the smallest one, minimised, as text
  std::size_t operations = 0, directives = 0;  // in it
  std::string report;          // its text report
};

struct UnreadableInput {
  std::string file, why;
};

struct Triage {
  std::string driver;     // its name
  std::string directory;
  std::size_t inputs = 0;
  std::size_t corpus = 0;                   // inputs of a corpus that run clean, as they should
  std::vector<std::string> not_reproduced;  // were findings once, and run clean now
  std::vector<UnreadableInput> unreadable;
  std::vector<Bucket> buckets;
};

// Driver bugs first, then by count, then by SUMMARY.
void sort_buckets(Triage& triage);

std::string render_triage_text(const Triage& triage);
std::string render_triage_json(const Triage& triage);
// What render_triage_json wrote. Throws std::runtime_error when it is something else.
Triage triage_from_json(const std::string& text);
// SARIF 2.1.0: a rule per rule, a result per bucket. Sources below `base` get names relative to it.
std::string render_sarif(const Triage& triage, const std::string& base);
// JUnit: each bucket a testcase that fails.
std::string render_junit(const Triage& triage);

}  // namespace wdm
