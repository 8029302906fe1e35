// How a campaign is doing: counts that worker processes share with their parent, and the line that shows them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/target.h"

namespace wdm {

inline constexpr unsigned kMaxWorkers = 64;

struct Counts {
  std::uint64_t executions = 0;
  std::uint64_t effective = 0;  // inputs that reached the driver
  std::uint64_t schedules = 0;
};
inline Counts operator+(const Counts& a, const Counts& b) {
  return {a.executions + b.executions, a.effective + b.effective, a.schedules + b.schedules};
}

// Memory shared between a parent, the workers it forks, and what they start.
class SharedProgress {
 public:
  // `edges`: size of the driver's coverage map.
  explicit SharedProgress(std::size_t edges);
  // The one that another process has made; `file` is inherited from it.
  SharedProgress(int file, std::size_t edges);
  ~SharedProgress();
  SharedProgress(const SharedProgress&) = delete;
  SharedProgress& operator=(const SharedProgress&) = delete;

  // In worker `worker`, after an input: its counts since the worker started, and the coverage map of that input, if it
  // has one of that size.
  void publish(unsigned worker, const Counts& counts, const std::uint8_t* counters);
  // In the parent, when worker `worker` has ended: its counts become part of the total.
  void retire(unsigned worker);
  Counts total() const;
  // What worker `worker` has published.
  Counts of(unsigned worker) const;
  // Not inherited unless somebody asks for it.
  int file() const { return file_; }
  std::size_t edges() const { return edges_; }
  std::size_t edges_hit() const;
  // Map of the interleavings that any worker has seen, see fuzz/target.h, and how many there are.
  std::atomic<std::uint64_t>* interleaving_map() { return shared_->interleavings.data(); }
  std::size_t interleavings() const;

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> executions, effective, schedules;
  };
  struct Shared {
    std::array<Slot, kMaxWorkers> slots;
    std::array<std::atomic<std::uint64_t>, kInterleavingBits / 64> interleavings;
  };
  std::size_t bytes() const { return sizeof(Shared) + edges_; }

  std::size_t edges_;
  int file_;
  Shared* shared_;
  std::uint8_t* hit_;  // one byte per edge, behind the slots
  Counts retired_;
};

struct ProgressFacts {
  Counts counts;
  double elapsed_seconds = 0;
  double executions_per_second = 0;
  std::size_t edges_hit = 0, edges = 0;
  std::size_t interleavings = 0;  // distinct ones
  std::size_t corpus = 0;         // inputs in it
  std::size_t findings = 0;
  double left_seconds = -1;  // negative: no end
};
// "12 s  8421 exec/s  101k inputs (97 % reach the driver)  coverage 83/240  3.2M schedules  0 findings  48 s left"
std::string progress_line(const ProgressFacts& facts);
unsigned percent(std::uint64_t part, std::uint64_t whole);

// On a terminal one line that is written over, in a pipe a line every 30 seconds at most.
class ProgressDisplay {
 public:
  ProgressDisplay();
  void show(const ProgressFacts& facts);
  // Takes the line away, so that something else can be printed.
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  double last_ = 0;
};

}  // namespace wdm
