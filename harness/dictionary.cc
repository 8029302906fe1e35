#include "harness/dictionary.h"

#include <fmt/format.h>

#include <sstream>

#include "harness/scenario_binary.h"

namespace wdm {

namespace {

std::string entry(std::string_view name, std::uint32_t value) {
  return fmt::format("{}=\"\\x{:02x}\\x{:02x}\\x{:02x}\\x{:02x}\"\n", name, value & 0xff, value >> 8 & 0xff,
                     value >> 16 & 0xff, value >> 24);
}

}  // namespace

std::string dictionary(const std::vector<Ioctl>& ioctls, const std::vector<std::uint32_t>& numbers, std::string_view ddis) {
  std::string text = "# what this driver's scenarios name: control codes, numbers it compares with, and DDIs in directives\n";
  for (const Ioctl& ioctl : ioctls) text += entry(ioctl.name.empty() ? fmt::format("code_{:x}", ioctl.code) : ioctl.name, ioctl.code);
  for (const std::uint32_t number : numbers) text += entry(fmt::format("number_{}", number), number);
  std::istringstream lines{std::string(ddis)};
  for (std::string status, name; lines >> status >> name;)
    if (const std::uint16_t ddi = find_ddi(name); ddi != DDI_None) text += entry(name, binary::ddi_key(ddi));
  return text;
}

}  // namespace wdm
