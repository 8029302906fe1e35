// Every limit of the machine, in one place. Passing one ends the run as LIMIT, never as a crash of ours.
//
// A step is one scheduling point passed by one thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emu/schedule/strategy.h"

namespace wdm::limits {

inline constexpr unsigned kMaxCpus = 32;
inline constexpr unsigned kUserThreads = 4;       // actors 1...4; actor 0 loads, tears down and unloads
inline constexpr unsigned kFirstDriverThread = 5;
inline constexpr unsigned kMaxThreads = kActorIrq; // threads of all kinds alive at once
inline constexpr unsigned kFirstIdle = kActorCpu; // idle threads, one per processor
inline constexpr unsigned kMaxContexts = 4096;    // operations, DPC runs and threads in one run
inline constexpr unsigned kMaxCallbackDepth = 24; // driver routines nested on one thread
inline constexpr unsigned kMaxObjects = 1u << 16; // named things in one run
inline constexpr unsigned kMaxEvents = 1u << 21;
// Expiries in one run (a periodic timer fires for ever): that the schedule chooses while others can run, and when nobody can.
inline constexpr unsigned kMaxChosenFires = 400;
inline constexpr unsigned kMaxIdleFires = 2000;
inline constexpr std::size_t kPoolBytes = 64u << 20;
inline constexpr std::size_t kKernelBytes = 4u << 20;
inline constexpr std::size_t kUserBytes = 4u << 20;
inline constexpr std::size_t kRegisterBytes = 4u << 20;
// A kernel stack is 24 KiB; AddressSanitizer's red zones and -O0 code need several times that.
inline constexpr std::size_t kStackBytes = 512u << 10;

static_assert(kFirstDriverThread == kUserThreads + 1);
static_assert(kMaxThreads <= kActorIrq && kActorIrqEnd <= kFirstIdle && kFirstIdle + kMaxCpus <= kActorClock && kActorClock < kNoActor);

}  // namespace wdm::limits
