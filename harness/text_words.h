// The words that both directions of the text form use.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

#include "harness/scenario.h"

namespace wdm::text {

inline constexpr std::string_view kPointers[] = {"good", "null", "unmapped", "kernel"};

inline constexpr std::string_view kElsewhere = "-elsewhere";  // irq0-elsewhere: on another processor

struct Unit {
  std::string_view word;
  std::uint64_t ticks_100ns;
};
// Largest first. "ns" stands for itself: its numbers are multiples of 100.
inline constexpr Unit kUnits[] = {{"s", 10'000'000}, {"ms", 10'000}, {"us", 10}};

struct ContextWord {
  std::string_view word;
  Context::Kind kind;
  bool numbered;
};
inline constexpr ContextWord kContexts[] = {
    {"load", Context::Kind::setup, false},        {"op", Context::Kind::operation, true},
    {"teardown", Context::Kind::teardown, false}, {"dpc", Context::Kind::dpc, true},
    {"thread", Context::Kind::thread, true},      {"idle", Context::Kind::idle, true},
    {"irq", Context::Kind::interrupt, true},
};
static_assert(std::size(kContexts) == static_cast<std::size_t>(Context::Kind::interrupt) + 1);

}  // namespace wdm::text
