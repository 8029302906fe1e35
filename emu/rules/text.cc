#include "emu/rules/text.h"

#include <array>
#include <charconv>

namespace wdm {

std::string irql_text(std::uint64_t irql) {
  static constexpr std::array<std::string_view, 3> names = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};
  return irql < names.size() ? std::string(names[irql]) : "IRQL " + std::to_string(irql);
}

std::string thread_text(std::uint8_t thread) { return "T" + std::to_string(thread); }

std::string hex_text(std::uint64_t value) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  std::string text = "0x";
  for (const char* digit = digits.data(); digit != end; ++digit) {
    text += *digit >= 'a' ? static_cast<char>(*digit - 'a' + 'A') : *digit;
  }
  return text;
}

std::string label_text(const Trace& trace, ObjectId object) {
  std::string label = object_label(trace, object);
  return label.empty() ? "the object" : label;
}

std::string_view return_note(std::uint32_t callback) {
  switch (static_cast<callback_number>(callback)) {
    case CALLBACK_DriverEntry:
    case CALLBACK_AddDevice:
    case CALLBACK_Unload:
    case CALLBACK_StartIo:
    case CALLBACK_Thread:
    case CALLBACK_Dpc: return " (bug check 0xC8)";
    case CALLBACK_Completion: return " (bug check 0xC8, or 0xC4, 0xFA)";
    case CALLBACK_WorkItem: return " (bug check 0xC8, or 0xE1)";
    case CALLBACK_Isr: return " (bug check 0xC8, or 0xC4, 0x111)";
    case CALLBACK_Dispatch:
    case CALLBACK_Cancel:
    case CALLBACK_Csq:
    case CALLBACK_Other:
    case CALLBACK_COUNT: return "";
  }
  return "";
}

}  // namespace wdm
