// LockOrder: locks are always acquired in the same order.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x1001.
//
// Checks:
// 1. Acquiring lock B while lock A is held makes the edge A -> B. No edge closes a cycle, of two or more locks.
// 2. The same for locks that a thread waits for: mutexes, resources, push locks.
//
// The order alone is the finding, as in Driver Verifier: the run need not hang, and both edges may come from one thread,
// since two threads could do the same at once. Locks are told apart by instance, not by class, so that locks of one class
// ordered by address are fine. The finding names both acquires of every edge.
//
// Narrowed:
// - Edges between which a common lock was held (a gate) can never meet, so such a cycle is no finding. A lock held
//   shared is no gate.
// - Acquiring with a try form makes no edge into that lock: it cannot wait. Nor does a wait for several mutexes at once.
// - Of spin locks the ordinary, queued and cancel ones only. A lock that is initialised again starts afresh.
// - An edge into a lock that is asked for shared does not go on with an edge out of it where it is held shared.
// - There are no edges between spin locks and locks that a thread waits for; but each can be the gate of the others.
// - Cycles of more than kMaxCycle locks, and edges made with more than kMaxHeld locks held, are not looked at.
#include <algorithm>
#include <array>

#include "emu/rules/locks.h"
#include "emu/rules/text.h"

namespace wdm {
namespace {

constexpr std::size_t kMaxHeld = 8;
constexpr std::size_t kMaxCycle = 6;

// The locks that exclude others while an edge is made.
struct LockSet {
  std::array<ObjectId, kMaxHeld> locks{};
  std::uint32_t size = 0;

  bool contains(ObjectId lock) const { return std::find(locks.begin(), locks.begin() + size, lock) != locks.begin() + size; }
  bool includes(const LockSet& other) const {
    return std::all_of(other.locks.begin(), other.locks.begin() + other.size, [&](ObjectId lock) { return contains(lock); });
  }
  bool meets(const LockSet& other) const {
    return std::any_of(other.locks.begin(), other.locks.begin() + other.size, [&](ObjectId lock) { return contains(lock); });
  }
};

struct Edge {
  ObjectId from;
  ObjectId to;
  std::uint32_t acquired;  // event at which `from` was acquired
  std::uint32_t attempt;   // event at which `to` was asked for
  std::uint32_t next;      // the next edge out of `from`, plus 1
  LockSet held;
  bool from_shared = false;
  bool to_shared = false;

  // Who waits at the end of this edge can wait for who is at the start of that one.
  bool waits_for(const Edge& after) const { return to == after.from && !(to_shared && after.from_shared); }
  bool includes(const Edge& other) const {
    return to == other.to && held.includes(other.held) && from_shared >= other.from_shared && to_shared >= other.to_shared;
  }
};

// A lock that a thread waits for.
struct Owned {
  ObjectId object;
  std::uint8_t thread;
  bool shared;
  std::uint32_t event;
};

bool ordered(std::uint32_t kind) {
  const std::uint32_t base = lock_base(kind);
  return base == MACH_LOCK_SPIN || base == MACH_LOCK_QUEUED || base == MACH_LOCK_CANCEL;
}

class LockOrderRule final : public Rule {
 public:
  std::uint64_t interests() const override {
    return interest(EVENT_LockInit) | interest(EVENT_LockAttempt) | interest(EVENT_Own) | interest(EVENT_Disown) |
           interest(EVENT_ThreadExit);
  }
  void reset() override {
    edges_.clear();
    first_.clear();
    owned_.clear();
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_LockInit: return forget(event.object);
      case EVENT_Own: return own(trace, index, ledger, findings);
      case EVENT_Disown: return disown(event);
      case EVENT_ThreadExit:
        std::erase_if(owned_, [&](const Owned& owned) { return owned.thread == event.thread; });
        return;
      default: return judge_attempt(trace, index, ledger, findings);
    }
  }

 private:
  void judge_attempt(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    if (ledger.held().empty() || !ordered(event.arg2) || !spins(event)) return;
    if (ledger.find(event.object, event.thread) != nullptr) return;  // SpinLock or Deadlock

    LockSet held;
    if (!collect(ledger, event.thread, held)) return;
    for (const HeldLock& outer : ledger.held()) {
      if (outer.thread != event.thread || !ordered(outer.kind)) continue;
      if (!add({outer.lock, event.object, outer.event, index, 0, held})) continue;
      if (close(trace, findings)) return;
    }
  }

  // arg2 of Own: 1 shared, 2 without waiting for it.
  void own(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const Owned now{event.object, static_cast<std::uint8_t>(event.arg - 1), (event.arg2 & 1) != 0, index};
    const bool waited = (event.arg2 & 2) == 0 && now.thread == event.thread;
    LockSet held;
    if (waited && collect(ledger, now.thread, held)) {
      for (const Owned& outer : owned_) {
        if (outer.thread != now.thread || outer.object == now.object) continue;
        if (!add({outer.object, now.object, outer.event, index, 0, held, outer.shared, now.shared})) continue;
        if (close(trace, findings)) break;
      }
    }
    owned_.push_back(now);
  }

  void disown(const Event& event) {
    const auto found = std::find_if(owned_.begin(), owned_.end(), [&](const Owned& owned) {
      return owned.object == event.object && owned.thread + 1u == event.arg;
    });
    if (found != owned_.end()) owned_.erase(found);
  }

  // Exclusive ones only. What the code owns that a DPC on this thread has interrupted, is none of the DPC's.
  bool collect(const Ledger& ledger, std::uint8_t thread, LockSet& held) const {
    for (const HeldLock& lock : ledger.held()) {
      if (lock.thread != thread || lock_base(lock.kind) == MACH_LOCK_EX_SHARED) continue;
      if (held.size == kMaxHeld) return false;
      held.locks[held.size++] = lock.lock;
    }
    for (const Owned& owned : owned_) {
      if (owned.thread != thread || owned.shared || ledger.interrupted({owned.object, 0, owned.event, 0, thread, 0, 0}))
        continue;
      if (held.size == kMaxHeld) return false;
      held.locks[held.size++] = owned.object;
    }
    return true;
  }

  void forget(ObjectId lock) {
    // A dead edge keeps its place in the list and leads nowhere.
    for (Edge& edge : edges_) {
      if (edge.from == lock || edge.to == lock) edge.to = 0;
    }
  }

  std::uint32_t first(ObjectId lock) const { return lock < first_.size() ? first_[lock] : 0; }

  // False when the same edge is known with at most these locks held: then it closes no new cycle.
  bool add(Edge edge) {
    for (std::uint32_t at = first(edge.from); at != 0; at = edges_[at - 1].next) {
      if (edge.includes(edges_[at - 1])) return false;
    }
    if (edge.from >= first_.size()) first_.resize(edge.from + 1);
    edge.next = first_[edge.from];
    edges_.push_back(edge);
    first_[edge.from] = static_cast<std::uint32_t>(edges_.size());
    return true;
  }

  // Looks for a cycle through the newest edge and reports it.
  bool close(const Trace& trace, std::vector<Finding>& findings) {
    path_[0] = static_cast<std::uint32_t>(edges_.size() - 1);
    const std::size_t length = extend(1);
    if (length == 0) return false;
    report(trace, length, findings);
    return true;
  }

  // Extends the path of `length` edges back to where it began; returns the length of the cycle, or 0.
  std::size_t extend(std::size_t length) {
    const Edge& last = edges_[path_[length - 1]];
    if (last.to == edges_[path_[0]].from) return last.waits_for(edges_[path_[0]]) ? length : 0;
    if (length == kMaxCycle) return 0;
    for (std::uint32_t at = first(last.to); at != 0; at = edges_[at - 1].next) {
      if (edges_[at - 1].to == 0 || !last.waits_for(edges_[at - 1]) || gated(at - 1, length)) continue;
      path_[length] = at - 1;
      if (const std::size_t found = extend(length + 1); found != 0) return found;
    }
    return 0;
  }

  // An edge that shares a held lock with one of the path can never be made while that one is. This also keeps the path
  // from visiting a lock twice.
  bool gated(std::uint32_t edge, std::size_t length) const {
    return std::any_of(path_.begin(), path_.begin() + length,
                       [&](std::uint32_t other) { return edges_[edge].held.meets(edges_[other].held); });
  }

  void report(const Trace& trace, std::size_t length, std::vector<Finding>& findings) const {
    const Edge& now = edges_[path_[0]];
    Finding finding{RuleId::LockOrder,
                    label_text(trace, now.to) + " acquired while " + label_text(trace, now.from) +
                        " is held, but elsewhere " + (length == 2 ? "" : "in the end ") + "the other way round",
                    now.attempt, {{now.acquired, "acquired " + label_text(trace, now.from)}}};
    for (std::size_t step = 1; step < length; ++step) {
      const Edge& edge = edges_[path_[step]];
      finding.evidence.push_back({edge.attempt, "elsewhere acquires " + label_text(trace, edge.to)});
      finding.evidence.push_back({edge.acquired, "while it holds " + label_text(trace, edge.from)});
    }
    findings.push_back(std::move(finding));
  }

  std::vector<Edge> edges_;
  std::vector<std::uint32_t> first_;  // by lock: the newest edge out of it, plus 1
  std::vector<Owned> owned_;
  std::array<std::uint32_t, kMaxCycle> path_{};
};

}  // namespace

std::unique_ptr<Rule> make_lock_order() { return std::make_unique<LockOrderRule>(); }

}  // namespace wdm
