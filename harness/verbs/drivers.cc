// wdmfuzz drivers: the samples, each with the first sentence of its README.md or of its first source.

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "harness/verbs/verbs.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

std::string without_comment_signs(std::string line) {
  const std::size_t begin = line.find_first_not_of(" \t/*#");
  if (begin == std::string::npos) return "";
  line.erase(0, begin);
  const std::size_t end = line.find_last_not_of(" \t*/\r");
  return line.substr(0, end + 1);
}

std::string first_sentence(const fs::path& file) {
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);)
    if (std::string text = without_comment_signs(line); !text.empty()) return text;
  return "";
}

std::string description(const DriverSpec& spec) {
  const fs::path readme = spec.directory / "README.md";
  return first_sentence(fs::exists(readme) ? readme : spec.sources.front());
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
  if (options.markdown) text = "| driver | what it is |\n|---|---|\n";
  for (const fs::path& sample : samples_in(layout.samples())) {
    const DriverSpec spec = resolve_driver(sample.string(), {}, layout.samples());
    text += fmt::format(fmt::runtime(options.markdown ? "| `{}` | {} |\n" : "{:<16} {}\n"), spec.name, description(spec));
  }
  write_output(options, text);
  return kExitClean;
}

}  // namespace wdm
