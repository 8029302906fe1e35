#include "harness/progress.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <cstring>
#include <new>

namespace wdm {

namespace {

constexpr double kPipeSeconds = 30;
constexpr double kTerminalSeconds = 0.25;

// 1234567 -> "1.2M"
std::string short_number(std::uint64_t n) {
  if (n < 10'000) return fmt::format("{}", n);
  if (n < 1'000'000) return fmt::format("{}k", n / 1000);
  if (n < 1'000'000'000) return fmt::format("{:.1f}M", static_cast<double>(n) / 1e6);
  return fmt::format("{:.1f}G", static_cast<double>(n) / 1e9);
}

}  // namespace

unsigned percent(std::uint64_t part, std::uint64_t whole) {
  return whole ? static_cast<unsigned>(100 * part / whole) : 0;
}

SharedProgress::SharedProgress(std::size_t edges) : SharedProgress(::memfd_create("progress", MFD_CLOEXEC), edges) {}

SharedProgress::SharedProgress(int file, std::size_t edges) : edges_(edges), file_(file) {
  void* memory = MAP_FAILED;
  if (::ftruncate(file_, static_cast<off_t>(bytes())) == 0)
    memory = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  shared_ = static_cast<Shared*>(memory);  // a new file is zeros, and so is a new Shared
  hit_ = static_cast<std::uint8_t*>(memory) + sizeof(Shared);
}

SharedProgress::~SharedProgress() {
  ::munmap(shared_, bytes());
  ::close(file_);
}

void SharedProgress::publish(unsigned worker, const Counts& counts, const std::uint8_t* counters) {
  Slot& slot = shared_->slots[worker];
  slot.executions.store(counts.executions, std::memory_order_relaxed);
  slot.effective.store(counts.effective, std::memory_order_relaxed);
  slot.schedules.store(counts.schedules, std::memory_order_relaxed);
  if (!counters) return;
  for (std::size_t i = 0; i < edges_; i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, counters + i, std::min<std::size_t>(8, edges_ - i));
    if (!eight) continue;
    for (std::size_t j = i; j < edges_ && j < i + 8; ++j)
      if (counters[j]) hit_[j] = 1;
  }
}

void SharedProgress::retire(unsigned worker) {
  Slot& slot = shared_->slots[worker];
  retired_.executions += slot.executions.exchange(0);
  retired_.effective += slot.effective.exchange(0);
  retired_.schedules += slot.schedules.exchange(0);
}

Counts SharedProgress::of(unsigned worker) const {
  const Slot& slot = shared_->slots[worker];
  return {slot.executions.load(std::memory_order_relaxed), slot.effective.load(std::memory_order_relaxed),
          slot.schedules.load(std::memory_order_relaxed)};
}

Counts SharedProgress::total() const {
  Counts sum = retired_;
  for (unsigned worker = 0; worker < kMaxWorkers; ++worker) sum = sum + of(worker);
  return sum;
}

std::size_t SharedProgress::edges_hit() const {
  std::size_t hit = 0;
  for (std::size_t i = 0; i < edges_; ++i) hit += hit_[i];
  return hit;
}

std::size_t SharedProgress::interleavings() const {
  std::size_t seen = 0;
  for (const auto& word : shared_->interleavings) seen += static_cast<std::size_t>(std::popcount(word.load(std::memory_order_relaxed)));
  return seen;
}

std::string progress_line(const ProgressFacts& facts) {
  std::string line = fmt::format(
      "{:.0f} s  {} exec/s  {} inputs ({} % reach the driver)  coverage {}/{} edges  {} schedules  {} finding{}",
      facts.elapsed_seconds, short_number(static_cast<std::uint64_t>(facts.executions_per_second)),
      short_number(facts.counts.executions), percent(facts.counts.effective, facts.counts.executions), facts.edges_hit,
      facts.edges, short_number(facts.counts.schedules), facts.findings, facts.findings == 1 ? "" : "s");
  if (facts.left_seconds >= 0) line += fmt::format("  {:.0f} s left", facts.left_seconds);
  return line;
}

ProgressDisplay::ProgressDisplay() : terminal_(::isatty(2)) {}

void ProgressDisplay::show(const ProgressFacts& facts) {
  const double pause = terminal_ ? kTerminalSeconds : kPipeSeconds;
  if (facts.elapsed_seconds - last_ < pause) return;
  last_ = facts.elapsed_seconds;
  const std::string line = progress_line(facts);
  if (terminal_)
    fmt::print(stderr, "\r\x1b[K{}", line);
  else
    fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
  shown_ = terminal_;
}

void ProgressDisplay::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace wdm
