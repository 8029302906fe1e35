// wdmfuzz drivers: the samples. Each describes itself in the comment at the head of its source: lines "key: value",
// then sentences.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "harness/verbs/verbs.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

struct Head {
  std::map<std::string, std::string> values;  // "kind": "seeded", "rule": "SpinLock"
  std::string sentence;                       // the first one
};

std::string without_comment_signs(std::string line) {
  const std::size_t begin = line.find_first_not_of(" \t/*");
  if (begin == std::string::npos) return "";
  line.erase(0, begin);
  const std::size_t end = line.find_last_not_of(" \t*/\r");
  return line.substr(0, end + 1);
}

bool take_value(Head& head, const std::string& line) {
  const std::size_t colon = line.find(": ");
  if (!head.sentence.empty() || colon == std::string::npos || line.find(' ') < colon) return false;
  head.values[line.substr(0, colon)] = line.substr(colon + 2);
  return true;
}

// The first sentence says what the driver is; one of a few words ("A mailbox.") is not enough.
void cut_to_sentence(std::string& text) {
  constexpr std::size_t kEnough = 30;
  const std::size_t end = text.find(". ", kEnough);
  if (end != std::string::npos) text.erase(end + 1);
}

Head head_of(const fs::path& file) {
  Head head;
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    const std::string text = without_comment_signs(line);
    if (!take_value(head, text) && !text.empty()) head.sentence += (head.sentence.empty() ? "" : " ") + text;
    if (line.find("*/") != std::string::npos) break;
  }
  cut_to_sentence(head.sentence);
  return head;
}

std::string plain(const std::string& name, const Head& head) {
  const auto rule = head.values.find("rule");
  return fmt::format("{:<18} {:<22} {}\n", name, rule == head.values.end() ? "clean" : rule->second, head.sentence);
}

std::string row(const std::string& name, const Head& head) {
  const auto rule = head.values.find("rule");
  return fmt::format("| `{}` | {} | {} |\n", name, rule == head.values.end() ? "none" : rule->second, head.sentence);
}

std::vector<fs::path> samples_in(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_directory()) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

int verb_drivers(const Options& options, const Layout& layout) {
  std::string text;
  if (options.markdown) text = "| driver | bug in it | what it is |\n|---|---|---|\n";
  for (const fs::path& sample : samples_in(layout.samples())) {
    const DriverSpec spec = resolve_driver(sample.string(), {}, layout.samples());
    const Head head = head_of(spec.sources.front());
    text += options.markdown ? row(spec.name, head) : plain(spec.name, head);
  }
  write_output(options, text);
  return kExitClean;
}

}  // namespace wdm
