// Names for the numbers of a trace, all from the .def tables.
#include "emu/trace/ddi_numbers.h"
#include "emu/trace/trace.h"

#include <array>

namespace wdm {
namespace {

constexpr std::string_view kUnknown = "unknown";

constexpr std::array kEventNames = {
#define EVENT(name, text) std::string_view(#name),
#include "emu/trace/events.def"
#undef EVENT
};

constexpr std::array kCallbackNames = {
#define CALLBACK(name, text) std::string_view(text),
#include "emu/trace/callbacks.def"
#undef CALLBACK
};

constexpr std::array kObjectLabels = {
#define OBJECT(name, label) std::string_view(label),
#include "emu/trace/objects.def"
#undef OBJECT
};

// A C run-time function is shown as the driver wrote it, without the prefix it has in the kernel.
#define CRT(name, family) {#name, #family, 0, 31, "full", ""},
#define DDI(name, family, min_irql, max_irql, status, title) {#name, #family, min_irql, max_irql, status, title},
constexpr DdiInfo kDdis[] = {
    {"", "", 0, 31, "full", ""},
#include "emu/nt/ddis.def"
};
#undef DDI
#undef CRT
static_assert(std::size(kDdis) == DDI_COUNT);

constexpr DdiInfo kUnknownDdi = {kUnknown, kUnknown, 0, 31, "full", ""};

template <std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, std::size_t index) {
  return index < N ? names[index] : kUnknown;
}

// 1 "A", 26 "Z", 27 "AA": counting in letters has no zero.
std::string letters(std::uint32_t number) {
  std::string text;
  for (; number > 0; number = (number - 1) / 26) text.insert(text.begin(), static_cast<char>('A' + (number - 1) % 26));
  return text;
}

}  // namespace

void Trace::clear() {
  events.clear();
  objects.clear();
  contexts.clear();
  notes.clear();
}

std::string_view event_name(std::uint16_t kind) { return name_at(kEventNames, kind); }

std::string_view callback_name(std::uint32_t callback) { return name_at(kCallbackNames, callback); }

std::string_view choice_text(unsigned choice) {
  constexpr std::string_view kTexts[] = {
#define CHOICE(name, nature, text) text,
#include "emu/trace/choices.def"
#undef CHOICE
  };
  return choice < CHOICE_COUNT ? kTexts[choice] : "";
}

bool is_fault(unsigned choice) {
  enum class Nature { fault, behaviour };
  constexpr Nature kNatures[] = {
#define CHOICE(name, nature, text) Nature::nature,
#include "emu/trace/choices.def"
#undef CHOICE
  };
  return kNatures[choice] == Nature::fault;
}

const DdiInfo& ddi_info(std::uint16_t ddi) { return ddi < DDI_COUNT ? kDdis[ddi] : kUnknownDdi; }

std::string_view ddi_name(std::uint16_t ddi) { return ddi_info(ddi).name; }

std::string_view ddi_family(std::uint16_t ddi) { return ddi_info(ddi).family; }

std::uint16_t find_ddi(std::string_view name) {
  for (std::uint16_t ddi = 1; ddi < DDI_COUNT; ++ddi) {
    if (kDdis[ddi].name == name) return ddi;
  }
  return DDI_None;
}

std::string object_label(const Trace& trace, ObjectId object) {
  if (object == 0 || object >= trace.objects.size()) return "";
  const Object& entry = trace.objects[object];
  if (entry.kind == OBJECT_Thread) return "T" + std::to_string(entry.number);
  std::string label(name_at(kObjectLabels, entry.kind));
  if (entry.kind == OBJECT_CancelLock) return label;  // there is but one
  return label + " " + (entry.kind == OBJECT_Lock ? letters(entry.number) : std::to_string(entry.number));
}

std::string context_label(const Context& context) {
  const std::string number = std::to_string(context.number);
  switch (context.kind) {
    case Context::Kind::setup: return "load";
    case Context::Kind::operation: return "op " + number;
    case Context::Kind::teardown: return "teardown";
    case Context::Kind::dpc: return "dpc " + number;
    case Context::Kind::thread: return "thread " + number;
    case Context::Kind::idle: return "idle";
    case Context::Kind::interrupt: return "irq " + number;
  }
  return "";
}

}  // namespace wdm
