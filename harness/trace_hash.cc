#include "harness/trace_hash.h"

namespace wdm {

namespace {

// FNV-1a: simple, and the same everywhere.
class Hash {
 public:
  void add(std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) byte(static_cast<std::uint8_t>(value >> 8 * i));
  }
  void byte(std::uint8_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ull; }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ull;
};

}  // namespace

std::uint64_t trace_hash(const Trace& trace) {
  Hash hash;
  for (const Event& e : trace.events) {
    hash.add(std::uint64_t{e.kind} << 48 | std::uint64_t{e.ddi} << 32 | std::uint64_t{e.context} << 16 | e.activation);
    hash.add(std::uint64_t{e.cpu} << 24 | std::uint64_t{e.thread} << 16 | std::uint64_t{e.irql} << 8 | e.depth);
    hash.add(std::uint64_t{e.object} << 32 | e.arg2);
    hash.add(e.site);
    hash.add(e.arg);
  }
  for (const Object& o : trace.objects) {
    hash.add(std::uint64_t{o.kind} << 32 | o.number);
    hash.add(std::uint64_t{o.site} << 32 | o.event);
  }
  for (const Context& c : trace.contexts) hash.add(std::uint64_t(c.kind) << 32 | c.number);
  for (const std::string& note : trace.notes)
    for (const char c : note) hash.byte(static_cast<std::uint8_t>(c));
  return hash.value();
}

}  // namespace wdm
