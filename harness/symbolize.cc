#include "harness/symbolize.h"

#include <fmt/format.h>
#include <link.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "harness/cli.h"
#include "harness/cli_process.h"
#include "harness/driver_info.h"

namespace wdm {

namespace {

using Cache = std::unordered_map<std::uint64_t, std::vector<Frame>>;

Cache& cache() {
  static Cache* const frames = new Cache;  // never destroyed: used while the process dies
  return *frames;
}

// Where this executable was loaded: symbolizers count from there.
std::uint64_t load_base() {
  static const std::uint64_t base = [] {
    std::uint64_t found = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* result) {
          *static_cast<std::uint64_t*>(result) = info->dlpi_addr;
          return 1;  // the first one is the executable
        },
        &found);
    return found;
  }();
  return base;
}

// A fuzzing farm that symbolizes offline says so to the sanitizers; so do we as we are told.
bool symbolizing_is_off() {
  for (const char* const name : {"ASAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* const options = std::getenv(name); options && std::string_view(options).find("symbolize=0") != std::string_view::npos)
      return true;
  return false;
}

// From PATH, or the one that was put beside this executable.
std::string find_symbolizer() {
  if (symbolizing_is_off()) return "";
  const std::string found = find_program({"llvm-symbolizer-14", "llvm-symbolizer"});
  const std::string beside = (executable_directory() / "llvm-symbolizer").string();
  return found.empty() && ::access(beside.c_str(), X_OK) == 0 ? beside : found;
}

const std::string& symbolizer() {
  static const std::string path = find_symbolizer();
  return path;
}

std::string known(const std::string& text) { return text == "??" ? "" : text; }

std::vector<Frame> frames_in(const nlohmann::json& answer, std::uint64_t address) {
  std::vector<Frame> frames;
  for (const auto& symbol : answer.value("Symbol", nlohmann::json::array())) {
    Frame frame;
    frame.address = address;
    frame.function = known(symbol.value("FunctionName", ""));
    frame.path = known(symbol.value("FileName", ""));
    frame.file = short_path(frame.path);
    frame.line = symbol.value("Line", 0u);
    frame.column = symbol.value("Column", 0u);
    frames.push_back(std::move(frame));
  }
  return frames;
}

std::vector<Frame> unknown_place(std::uint64_t address) {
  Frame frame;
  frame.address = address;
  return {frame};
}

// What the symbolizer says of each address, in that order; may be fewer.
std::vector<std::vector<Frame>> ask(const std::vector<std::uint64_t>& addresses) {
  std::string input;
  for (const std::uint64_t address : addresses) input += fmt::format("{:#x}\n", address - load_base());
  const auto result =
      run_process({symbolizer(), "--obj=" + executable_path().string(), "--output-style=JSON", "--inlines"}, input);
  std::vector<std::vector<Frame>> answers;
  std::istringstream lines(result.output);
  std::string line;
  for (const std::uint64_t address : addresses) {
    if (!std::getline(lines, line)) break;
    const auto answer = nlohmann::json::parse(line, nullptr, false);
    answers.push_back(answer.is_discarded() ? std::vector<Frame>{} : frames_in(answer, address));
  }
  return answers;
}

// The compiler gives no line to code that it has merged from several; the code just before it, in the same function, does.
std::vector<Frame> nearest_line(std::uint64_t address, std::vector<Frame> frames) {
  constexpr std::uint64_t kReach = 256;
  std::vector<std::uint64_t> before;
  for (std::uint64_t back = 1; back <= kReach; ++back) before.push_back(address - back);
  for (auto& nearby : ask(before)) {
    if (nearby.empty() || nearby.back().function != frames.back().function) break;
    if (nearby.front().line == 0) continue;
    for (Frame& frame : nearby) frame.address = address;
    return nearby;
  }
  return frames;
}

}  // namespace

std::string short_path(const std::string& path) {
  const std::string& directory = driver_directory();
  if (!directory.empty() && path.size() > directory.size() && path.compare(0, directory.size(), directory) == 0 &&
      path[directory.size()] == '/')
    return path.substr(directory.size() + 1);
  return std::filesystem::path(path).filename().string();
}

std::string module_offset(std::uint64_t address) {
  return fmt::format("{}+{:#x}", executable_path().filename().string(), address - load_base());
}

std::string module_path_offset(std::uint64_t address) {
  return fmt::format("{}+{:#x}", executable_path().string(), address - load_base());
}

void symbolize_all(std::span<const std::uint64_t> addresses) {
  std::vector<std::uint64_t> asked;
  for (const std::uint64_t address : addresses)
    if (cache().try_emplace(address, unknown_place(address)).second) asked.push_back(address);
  if (asked.empty() || symbolizer().empty()) return;
  const auto answers = ask(asked);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].empty()) continue;
    auto& frames = cache()[asked[i]] = answers[i];
    if (frames.front().line == 0 && !frames.front().function.empty()) frames = nearest_line(asked[i], frames);
  }
}

std::vector<std::uint64_t> symbolized_addresses() {
  std::vector<std::uint64_t> addresses;
  for (const auto& [address, frames] : cache()) addresses.push_back(address);
  return addresses;
}

const std::vector<Frame>& symbolize(std::uint64_t address) {
  const std::uint64_t one[] = {address};
  symbolize_all(one);
  return cache().at(address);
}

}  // namespace wdm
