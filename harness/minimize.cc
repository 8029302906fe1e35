// The order of work: first the schedule becomes explicit and short, since a short schedule survives most changes of the
// operations; then operations go, each time with another look for a schedule; then processors, threads and handles;
// last the arguments and the numbers.

#include "harness/minimize.h"

#include <algorithm>
#include <set>

#include "harness/minimize_search.h"

namespace wdm {

namespace {

template <class Gone>
Scenario without(const Scenario& scenario, Gone gone) {
  Scenario smaller = scenario;
  auto& operations = smaller.operations;
  std::erase_if(operations, gone);
  const auto exists = [&](std::uint32_t id) {
    return std::any_of(operations.begin(), operations.end(), [&](const Operation& op) { return op.id == id; });
  };
  // Cancels of what is gone go too, and then cancels of those.
  while (
      std::erase_if(operations, [&](const Operation& op) { return fields_of(op.kind).target && !exists(op.target); })) {
  }
  std::erase_if(smaller.schedule.directives, [&](const Directive& d) {
    return d.context.kind == Context::Kind::operation && d.kind != Directive::Kind::hold && !exists(d.context.number);
  });
  return smaller;
}

Scenario without_range(const Scenario& scenario, std::size_t begin, std::size_t end) {
  std::set<std::uint16_t> ids;
  for (std::size_t i = begin; i < end && i < scenario.operations.size(); ++i) ids.insert(scenario.operations[i].id);
  return without(scenario, [&](const Operation& op) { return ids.contains(op.id); });
}

std::set<std::uint8_t> threads_of(const Scenario& scenario) {
  std::set<std::uint8_t> threads;
  for (const Operation& op : scenario.operations) threads.insert(op.thread);
  return threads;
}

std::set<std::uint8_t> handles_of(const Scenario& scenario) {
  std::set<std::uint8_t> handles;
  for (const Operation& op : scenario.operations)
    if (fields_of(op.kind).handle) handles.insert(op.handle);
  return handles;
}

bool uses_handle(const Operation& op, std::uint8_t handle) {
  return fields_of(op.kind).handle && op.handle == handle;
}

void drop_groups(MinimizeSearch& search) {
  for (const std::uint8_t thread : threads_of(search.best()))
    search.try_reschedule(without(search.best(), [&](const Operation& op) { return op.thread == thread; }));
  for (const std::uint8_t handle : handles_of(search.best()))
    search.try_reschedule(without(search.best(), [&](const Operation& op) { return uses_handle(op, handle); }));
}

// Stretches of `chunk` operations, from the end.
template <class Try>
bool drop_chunks(MinimizeSearch& search, std::size_t chunk, Try attempt) {
  bool changed = false;
  for (std::size_t end = search.best().operations.size(); end > 0 && !search.out_of_budget();) {
    const std::size_t begin = end > chunk ? end - chunk : 0;
    changed |= attempt(without_range(search.best(), begin, end));
    end = std::min(begin, search.best().operations.size());
  }
  return changed;
}

void drop_operations(MinimizeSearch& search) {
  search.phase("calls");
  drop_groups(search);
  const auto quick = [&](const Scenario& s) { return search.try_reschedule(s); };
  for (std::size_t chunk = search.best().operations.size() / 2; chunk > 1; chunk /= 2)
    drop_chunks(search, chunk, quick);
  while (drop_chunks(search, 1, quick)) {
  }
  drop_chunks(search, 1, [&](const Scenario& s) { return search.try_search(s); });
}

// A cancel that lands before the driver looks is the same as an IRP that arrives cancelled.
void cancel_on_arrival(MinimizeSearch& search) {
  for (std::size_t at = search.best().operations.size(); at-- > 0;) {
    if (at >= search.best().operations.size() || search.best().operations[at].kind != OpKind::cancel) continue;
    const auto cancel = search.best().operations[at];
    Scenario candidate = without(search.best(), [&](const Operation& op) { return op.id == cancel.id; });
    for (Operation& op : candidate.operations)
      if (op.id == cancel.target) op.cancelled = true;
    search.try_reschedule(candidate);
  }
}

// Two calls of one kind through one handle become one with the data of both.
void join_calls(MinimizeSearch& search) {
  for (std::size_t second = search.best().operations.size(); second-- > 1;)
    for (std::size_t first = second; first-- > 0 && second < search.best().operations.size();) {
      const Operation& a = search.best().operations[first];
      const Operation& b = search.best().operations[second];
      if (a.kind != b.kind || a.handle != b.handle || a.code != b.code) continue;
      if (a.data.size() + b.data.size() > limits::kMaxDataBytes || a.out_size + b.out_size > limits::kMaxOutBytes) continue;
      Scenario candidate = without(search.best(), [&](const Operation& op) { return op.id == a.id; });
      for (Operation& op : candidate.operations)
        if (op.id == b.id) {
          op.data.insert(op.data.begin(), a.data.begin(), a.data.end());
          op.out_size += a.out_size;
        }
      search.try_reschedule(candidate);
    }
}

// Operations listed in the order in which they matter need fewer directives.
void reorder(MinimizeSearch& search) {
  for (std::size_t from = 1; from < search.best().operations.size(); ++from)
    for (std::size_t to = 0; to < from && !search.best().schedule.directives.empty(); ++to) {
      Scenario candidate = search.best();
      auto& ops = candidate.operations;
      std::rotate(ops.begin() + static_cast<std::ptrdiff_t>(to), ops.begin() + static_cast<std::ptrdiff_t>(from),
                  ops.begin() + static_cast<std::ptrdiff_t>(from) + 1);
      search.try_reschedule(candidate);
    }
}

void fewer_processors(MinimizeSearch& search) {
  const unsigned now = search.best().cpus;
  for (unsigned cpus = 1; cpus < now; ++cpus) {
    Scenario candidate = search.best();
    candidate.cpus = static_cast<std::uint8_t>(cpus);
    if (search.try_search(candidate)) return;
  }
}

Scenario with_thread_moved(Scenario scenario, std::uint8_t from, std::uint8_t to) {
  for (Operation& op : scenario.operations)
    if (op.thread == from) op.thread = to;
  return scenario;
}

// `attempt(from, to)` for each pair of values, the highest first, until it succeeds; true if it did.
template <class Values, class Attempt>
bool merge_one(const Values& values, Attempt attempt) {
  for (auto from = values.rbegin(); from != values.rend(); ++from)
    for (auto to = values.begin(); to != values.end() && *to < *from; ++to)
      if (attempt(*from, *to)) return true;
  return false;
}

void fewer_threads(MinimizeSearch& search) {
  while (merge_one(threads_of(search.best()), [&](std::uint8_t from, std::uint8_t to) {
    return search.try_search(with_thread_moved(search.best(), from, to));
  })) {
  }
}

// What was done through one handle is done through another. Its own open and close may then be too much.
bool merge_handle(MinimizeSearch& search, std::uint8_t from, std::uint8_t to) {
  const auto moved = [&](Scenario scenario) {
    for (Operation& op : scenario.operations)
      if (uses_handle(op, from)) op.handle = to;
    return scenario;
  };
  const auto opens_or_closes = [&](const Operation& op) {
    return (op.kind == OpKind::open || op.kind == OpKind::close) && op.handle == from;
  };
  return search.try_reschedule(moved(without(search.best(), opens_or_closes))) ||
         search.try_reschedule(moved(search.best()));
}

void fewer_handles(MinimizeSearch& search) {
  while (merge_one(handles_of(search.best()),
                   [&](std::uint8_t from, std::uint8_t to) { return merge_handle(search, from, to); })) {
  }
}

void fewer_of_everything(MinimizeSearch& search) {
  search.phase("processors, threads, handles");
  fewer_processors(search);
  fewer_threads(search);
  fewer_handles(search);
}

// Tries the best scenario with operation `at` changed by `change`.
template <class Change>
bool try_change(MinimizeSearch& search, std::size_t at, Change change) {
  Scenario candidate = search.best();
  change(candidate.operations[at]);
  return search.try_exactly(candidate);
}

// Smallest value of a size in [0, now]: 0, else by halving the interval as if what a smaller size breaks stayed broken.
template <class Attempt>
void smallest_size(std::size_t now, Attempt attempt) {
  if (now == 0 || attempt(0)) return;
  std::size_t fails = 0, works = now;
  while (works - fails > 1) {
    const std::size_t middle = fails + (works - fails) / 2;
    (attempt(middle) ? works : fails) = middle;
  }
}

void shrink_data(MinimizeSearch& search, std::size_t at) {
  smallest_size(search.best().operations[at].data.size(),
                [&](std::size_t size) { return try_change(search, at, [&](Operation& op) { op.data.resize(size); }); });
}

// Zeroes stretches, halves of halves, down to single bytes.
void zero_data(MinimizeSearch& search, std::size_t at) {
  const std::size_t size = search.best().operations[at].data.size();
  for (std::size_t chunk = size; chunk > 0; chunk /= 2)
    for (std::size_t begin = 0; begin < size; begin += chunk)
      try_change(search, at, [&](Operation& op) {
        std::fill(op.data.begin() + static_cast<std::ptrdiff_t>(begin),
                  op.data.begin() + static_cast<std::ptrdiff_t>(std::min(begin + chunk, size)), std::uint8_t{0});
      });
}

void shrink_out(MinimizeSearch& search, std::size_t at) {
  smallest_size(search.best().operations[at].out_size, [&](std::size_t size) {
    return try_change(search, at, [&](Operation& op) { op.out_size = static_cast<std::uint32_t>(size); });
  });
}

void plain_arguments(MinimizeSearch& search, std::size_t at) {
  try_change(search, at, [](Operation& op) { op.pointers = 0; });
  try_change(search, at, [](Operation& op) { op.cancelled = false; });
  try_change(search, at, [](Operation& op) { op.irql = 0; });
  try_change(search, at, [](Operation& op) { op.minor = 0; });
  try_change(search, at, [](Operation& op) { op.synchronous = false; });
  try_change(search, at, [](Operation& op) { op.device = 0; });
  try_change(search, at, [](Operation& op) { op.offset = 0; });
}

void shrink_arguments(MinimizeSearch& search) {
  search.phase("arguments");
  // A step may do without an operation or two, so the count is asked for each time.
  for (std::size_t at = 0; at < search.best().operations.size() && !search.out_of_budget(); ++at) {
    shrink_data(search, at);
    shrink_out(search, at);
    zero_data(search, at);
    plain_arguments(search, at);
  }
}

// Gives each value of a field a number from 1 in order of appearance.
class Numbering {
 public:
  std::uint16_t operator()(std::uint32_t old) {
    const auto at = static_cast<std::size_t>(std::find(seen_.begin(), seen_.end(), old) - seen_.begin());
    if (at == seen_.size()) seen_.push_back(old);
    return static_cast<std::uint16_t>(at + 1);
  }

 private:
  std::vector<std::uint32_t> seen_;
};

Scenario with_new_ids(Scenario scenario) {
  Numbering number;
  for (Operation& op : scenario.operations) op.id = number(op.id);
  for (Operation& op : scenario.operations)
    if (fields_of(op.kind).target) op.target = number(op.target);
  for (Directive& d : scenario.schedule.directives)
    if (d.kind != Directive::Kind::hold && d.context.kind == Context::Kind::operation)
      d.context.number = number(d.context.number);
  return scenario;
}

bool is_user_thread(unsigned actor) {
  return actor >= 1 && actor <= limits::kUserThreads;
}

Scenario with_new_threads(Scenario scenario) {
  Numbering number;
  for (Operation& op : scenario.operations) op.thread = static_cast<std::uint8_t>(number(op.thread));
  for (Directive& d : scenario.schedule.directives)
    if (d.kind == Directive::Kind::run && is_user_thread(d.actor)) d.actor = static_cast<std::uint8_t>(number(d.actor));
  return scenario;
}

Scenario with_new_handles(Scenario scenario) {
  Numbering number;
  for (Operation& op : scenario.operations)
    if (fields_of(op.kind).handle) op.handle = static_cast<std::uint8_t>(number(op.handle));
  return scenario;
}

void renumber(MinimizeSearch& search) {
  search.phase("numbers");
  search.rename(with_new_threads(search.best()));
  search.rename(with_new_handles(search.best()));
  search.rename(with_new_ids(search.best()));
}

}  // namespace

Scenario minimize(const Scenario& start, const Oracle& oracle, const MinimizeReport& report, unsigned budget) {
  // Renaming comes last and always: it gets the calls that the other steps may not use.
  constexpr unsigned kForRenaming = 3;
  MinimizeSearch search(start, oracle, report, budget > kForRenaming ? budget - kForRenaming : 0);
  for (Cost before{}; cost_of(search.best()) != before && !search.out_of_budget();) {
    before = cost_of(search.best());
    search.phase("schedule");
    search.drop_directives();
    drop_operations(search);
    search.phase("shape");
    cancel_on_arrival(search);
    join_calls(search);
    reorder(search);
    fewer_of_everything(search);
    search.drop_directives();
    shrink_arguments(search);
  }
  search.extend(kForRenaming);
  renumber(search);
  return search.best();
}

}  // namespace wdm
