// LockOrder: locks are always acquired in the same order.
// Documentation: "Driver Verifier deadlock detection". Bug check 0xC4, 0x1001.
// LockClassOrder, advice: the same for classes of spin locks, a class being all that one call of KeInitializeSpinLock
// initialises.
//
// Checks of LockOrder:
// 1. Acquiring lock B while lock A is held makes the edge A -> B. No edge closes a cycle, of two or more locks.
// 2. The same for locks that a thread waits for: mutexes, resources, push locks.
//
// The order alone is the finding, as in Driver Verifier: the run need not hang, and both edges may come from one thread,
// since two threads could do the same at once. Locks are told apart by instance, not by class, so that locks of one class
// ordered by address are fine. The finding names both acquires of every edge.
//
// Check of LockClassOrder:
// 1. Edges between classes close no cycle, when each of its edges was made by other instances: the run has not shown that
//    they can be the same. Two locks of one class make no edge: a driver may order them by address. A cycle of instances
//    is LockOrder's.
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
  ObjectId from;           // the lock, or the first one of its class
  ObjectId to;
  ObjectId from_lock;
  ObjectId to_lock;
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

bool ordered(std::uint32_t kind) {
  const std::uint32_t base = lock_base(kind);
  return base == MACH_LOCK_SPIN || base == MACH_LOCK_QUEUED || base == MACH_LOCK_CANCEL;
}

class LockOrderRule final : public Rule {
 public:
  explicit LockOrderRule(RuleId rule) : rule_(rule), by_class_(rule == RuleId::LockClassOrder) {}

  std::uint64_t interests() const override {
    const std::uint64_t spin_locks = interest(EVENT_LockInit) | interest(EVENT_LockAttempt);
    return by_class_ ? spin_locks : spin_locks | interest(EVENT_Own);
  }
  void reset() override {
    edges_.clear();
    first_.clear();
    classes_.clear();
    class_of_.clear();
  }
  void on(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) override {
    const Event& event = trace.events[index];
    switch (event.kind) {
      case EVENT_LockInit: return by_class_ ? classify(event) : forget(event.object);
      case EVENT_Own: return own(trace, index, ledger, findings);
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
      if (!add({node(outer.lock), node(event.object), outer.lock, event.object, outer.event, index, 0, held})) continue;
      if (close(trace, findings)) return;
    }
  }

  // arg2 of Own: 1 shared, 2 without waiting for it.
  void own(const Trace& trace, std::uint32_t index, const Ledger& ledger, std::vector<Finding>& findings) {
    const Event& event = trace.events[index];
    const auto thread = static_cast<std::uint8_t>(event.arg - 1);
    const bool shared = (event.arg2 & 1) != 0;
    const bool waited = (event.arg2 & 2) == 0 && thread == event.thread;
    LockSet held;
    if (!waited || !collect(ledger, thread, held)) return;
    for (const OwnedLock& outer : ledger.owned()) {
      if (outer.thread != thread || outer.object == event.object) continue;
      if (!add({outer.object, event.object, outer.object, event.object, outer.event, index, 0, held, outer.shared, shared}))
        continue;
      if (close(trace, findings)) return;
    }
  }

  // Exclusive ones only. What the code owns that a DPC on this thread has interrupted, is none of the DPC's.
  bool collect(const Ledger& ledger, std::uint8_t thread, LockSet& held) const {
    for (const HeldLock& lock : ledger.held()) {
      if (lock.thread != thread || lock_base(lock.kind) == MACH_LOCK_EX_SHARED) continue;
      if (held.size == kMaxHeld) return false;
      held.locks[held.size++] = lock.lock;
    }
    for (const OwnedLock& owned : ledger.owned()) {
      if (owned.thread != thread || owned.shared || ledger.interrupted(owned)) continue;
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

  // The class of a lock is where it was initialised; one that is not keeps to itself.
  void classify(const Event& event) {
    auto known = std::find_if(classes_.begin(), classes_.end(), [&](const Class& one) { return one.site == event.site; });
    if (known == classes_.end()) known = classes_.insert(known, {event.site, event.object});
    if (event.object >= class_of_.size()) class_of_.resize(event.object + 1);
    class_of_[event.object] = known->first;
  }

  ObjectId node(ObjectId lock) const {
    return lock < class_of_.size() && class_of_[lock] != 0 ? class_of_[lock] : lock;
  }

  std::uint32_t first(ObjectId lock) const { return lock < first_.size() ? first_[lock] : 0; }

  // False when the same edge is known with at most these locks held: then it closes no new cycle.
  bool add(Edge edge) {
    if (edge.from == edge.to) return false;
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
    if (length == 0 || (by_class_ && is_of_instances(length))) return false;
    report(trace, length, findings);
    return true;
  }

  bool is_of_instances(std::size_t length) const {
    for (std::size_t step = 0; step < length; ++step) {
      if (edges_[path_[step]].to_lock != edges_[path_[(step + 1) % length]].from_lock) return false;
    }
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
    Finding finding{rule_,
                    label_text(trace, now.to_lock) + " acquired while " + label_text(trace, now.from_lock) +
                        " is held, but " + (by_class_ ? "of their classes " : "") + "elsewhere " +
                        (length == 2 ? "" : "in the end ") + "the other way round",
                    now.attempt, {{now.acquired, "acquired " + label_text(trace, now.from_lock)}}};
    for (std::size_t step = 1; step < length; ++step) {
      const Edge& edge = edges_[path_[step]];
      finding.evidence.push_back({edge.attempt, "elsewhere acquires " + label_text(trace, edge.to_lock)});
      finding.evidence.push_back({edge.acquired, "while it holds " + label_text(trace, edge.from_lock)});
    }
    findings.push_back(std::move(finding));
  }

  std::vector<Edge> edges_;
  std::vector<std::uint32_t> first_;  // by lock: the newest edge out of it, plus 1
  std::array<std::uint32_t, kMaxCycle> path_{};
  const RuleId rule_;
  const bool by_class_;
  struct Class {
    std::uint32_t site;  // of its LockInit
    ObjectId first;      // lock of it
  };
  std::vector<Class> classes_;
  std::vector<ObjectId> class_of_;  // by lock: the first one of its class, or 0
};

}  // namespace

std::shared_ptr<Rule> make_lock_order(RuleId rule, const std::shared_ptr<Rule>&) {
  return std::make_shared<LockOrderRule>(rule);
}

}  // namespace wdm
