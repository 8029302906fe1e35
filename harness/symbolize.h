// Code addresses of this executable -> functions and lines, by llvm-symbolizer in a child process.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wdm {

struct Frame {
  std::uint64_t address = 0;
  std::string function;  // "" when unknown
  std::string file;      // relative to the driver's directory
  std::string path;      // as the debug information has it
  unsigned line = 0;     // 0 when unknown
  unsigned column = 0;
};

// Looks up all addresses that are not known yet with one child process.
void symbolize_all(std::span<const std::uint64_t> addresses);
// Frames of one code address, innermost inlined function first; never empty. Answers are kept.
const std::vector<Frame>& symbolize(std::uint64_t address);
// All addresses whose frames are known by now, in no order.
std::vector<std::uint64_t> symbolized_addresses();
// "module+0x12": what an offline symbolizer needs.
std::string module_offset(std::uint64_t address);
// The same with the executable's full path.
std::string module_path_offset(std::uint64_t address);
// Path of the source relative to the driver's directory, or the file name alone.
std::string short_path(const std::string& path);

}  // namespace wdm
