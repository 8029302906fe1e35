#include "harness/numbers.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
namespace wdm {

namespace {

constexpr std::size_t kMostNumbers = 1024;  // of a huge driver, the smallest

bool worth_a_try(std::int64_t value) {
  constexpr std::int64_t kFirstError = 0xc0000000, kLastError = 0xcfffffff;
  return value > 1 && value < 0xffffffffll && !(value >= kFirstError && value <= kLastError);
}

// "i32 -5": the number as it lies in memory.
std::optional<std::int64_t> constant(std::string_view type_and_value) {
  unsigned bits = 0;
  const char* const end = type_and_value.data() + type_and_value.size();
  if (!type_and_value.starts_with('i')) return std::nullopt;
  const auto [after, error] = std::from_chars(type_and_value.data() + 1, end, bits);
  if (error != std::errc() || after == end || *after != ' ' || bits < 8 || bits > 64) return std::nullopt;
  std::int64_t value = 0;
  const auto [last, wrong] = std::from_chars(after + 1, end, value);
  if (wrong != std::errc() || (last != end && *last != ',')) return std::nullopt;
  if (bits < 64) value &= (std::int64_t{1} << bits) - 1;
  return value;
}

// "%5 = icmp ult i32 %4, 16, !dbg !7" has i32 and 16, "%6 = icmp eq i64 52, %4" i64 and 52.
std::optional<std::int64_t> operand(std::string_view line, std::string_view instruction) {
  const std::size_t at = line.find(instruction);
  if (at == line.npos) return std::nullopt;
  const std::size_t comma = line.find(", ", at), type = line.rfind(" i", comma);
  if (comma == line.npos || type == line.npos || type < at) return std::nullopt;
  const std::string_view words = line.substr(type + 1);
  const std::string text = std::string(words.substr(0, words.find(' ') + 1)) + std::string(line.substr(comma + 2));
  const auto right = constant(text);
  return right ? right : constant(words.substr(0, words.find(',')));
}

// "    i32 2236416, label %9" of a switch.
std::optional<std::int64_t> switched_on(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == line.npos || line.find(", label %") == line.npos) return std::nullopt;
  return constant(line.substr(begin));
}

}  // namespace

std::vector<std::uint32_t> compared_numbers(std::string_view ir) {
  std::set<std::uint32_t> found;
  while (!ir.empty()) {
    const std::size_t end = std::min(ir.find('\n'), ir.size());
    const std::string_view line = ir.substr(0, end);
    ir.remove_prefix(std::min(end + 1, ir.size()));
    auto value = switched_on(line);
    if (!value) value = operand(line, " icmp ");
    if (!value) value = operand(line, " and i");
    if (value && worth_a_try(*value)) found.insert(static_cast<std::uint32_t>(*value));
  }
  std::vector<std::uint32_t> numbers(found.begin(), found.end());
  if (numbers.size() > kMostNumbers) numbers.resize(kMostNumbers);
  return numbers;
}

}  // namespace wdm
