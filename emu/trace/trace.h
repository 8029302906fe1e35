// The record of one run: a list of fixed-size events and a table of the objects they name.
//
// Everything in a trace is a function of the input alone: objects carry small numbers in creation order, code places
// are offsets into the driver's image. Two runs of the same bytes give the same trace byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emu/trace/numbers.h"

namespace wdm {

using ObjectId = std::uint32_t;  // 0 is "no object"

inline constexpr std::uint32_t kNoSite = 0xffffffff;

struct Event {
  std::uint16_t kind;     // EVENT_*
  std::uint16_t ddi;      // DDI_* the thread is in, or DDI_None
  std::uint16_t context;  // index into Trace::contexts: which operation, DPC run, thread
  std::uint8_t cpu;
  std::uint8_t thread;
  std::uint8_t irql;      // when the event happened
  std::uint8_t depth;     // nested callbacks of driver code on this thread, 0 outside the driver
  std::uint16_t activation;  // number of the innermost callback (counted from 1 per run, wraps); enter and leave carry their own
  ObjectId object;
  std::uint32_t arg2;
  std::uint32_t site;     // return address in the driver as an offset into its code, kNoSite outside
  std::uint64_t arg;

  bool operator==(const Event&) const = default;
};
static_assert(sizeof(Event) == 32);

// What Event::arg of a dispatch routine's CallbackEnter packs.
struct DispatchCall {
  std::uint8_t major, minor;
  std::uint8_t power;   // of IRP_MN_SET_POWER and QUERY_POWER: the state, or-ed with kDevicePower for a device's
  ObjectId device;      // that the routine is called for
  static constexpr std::uint8_t kDevicePower = 0x80;

  explicit constexpr DispatchCall(std::uint64_t arg)
      : major(static_cast<std::uint8_t>(arg)),
        minor(static_cast<std::uint8_t>(arg >> 8)),
        power(static_cast<std::uint8_t>(arg >> 16)),
        device(static_cast<ObjectId>(arg >> 32)) {}
};

// What Event::arg of IrpForward packs.
struct ForwardCall {
  std::uint8_t major, minor;      // of the location the receiver sees
  bool has_completion_routine;    // in that location
  bool has_cancel_routine;        // still set

  explicit constexpr ForwardCall(std::uint64_t arg)
      : major(static_cast<std::uint8_t>(arg)),
        minor(static_cast<std::uint8_t>(arg >> 8)),
        has_completion_routine((arg >> 16 & 1) != 0),
        has_cancel_routine((arg >> 17 & 1) != 0) {}
};


struct Object {
  std::uint32_t kind;    // OBJECT_*
  std::uint32_t number;  // within its kind, from 1 (locks are shown as letters)
  std::uint32_t site;    // where the driver made or first used it
  std::uint32_t event;   // index of the event that made it
};

// What a thread is working for: the unit by which a schedule counts scheduling points.
struct Context {
  enum class Kind : std::uint8_t { setup, operation, teardown, dpc, thread, idle, interrupt };
  Kind kind;
  std::uint32_t number;  // operation id, or count from 1 within the kind

  bool operator==(const Context&) const = default;
};

struct Trace {
  std::vector<Event> events;
  std::vector<Object> objects;  // [0] is unused
  std::vector<Context> contexts;
  std::vector<std::string> notes;  // texts of Violation events, which name them by index + 1

  void clear();
};

std::string_view event_name(std::uint16_t kind);
std::string_view callback_name(std::uint32_t callback);
std::string_view ddi_name(std::uint16_t ddi);
std::string_view ddi_family(std::uint16_t ddi);
// "Lock A", "IRP 3", "T2"; "" for 0.
std::string object_label(const Trace& trace, ObjectId object);
// "op 3", "dpc 1", "load", ...
std::string context_label(const Context& context);

struct DdiInfo {
  std::string_view name;
  std::string_view family;
  std::uint8_t min_irql;
  std::uint8_t max_irql;
  std::string_view status;  // "full", or what is missing
  std::string_view title;   // of the documentation page
};
const DdiInfo& ddi_info(std::uint16_t ddi);
// Is this kind of choice (CHOICE_*) a fault, which only a machine short of resources shows?
bool is_fault(unsigned choice);
// What another answer than 0 means, in words.
std::string_view choice_text(unsigned choice);

// Number of the DDI with that name, DDI_None when there is none. Linear: for set-up, not for every event.
std::uint16_t find_ddi(std::string_view name);

}  // namespace wdm
