#include "harness/minimize_search.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace wdm {

namespace {

// Seeds per strategy of a short search.
constexpr std::uint64_t kSeeds = 3;
constexpr std::uint16_t kSearchRuns = 32;
constexpr StrategyId kSearchStrategies[] = {StrategyId::site, StrategyId::pos, StrategyId::random};

template <class Value>
std::uint64_t sum(const Scenario& scenario, Value value) {
  std::uint64_t total = 0;
  for (const Operation& op : scenario.operations) total += value(op);
  return total;
}

std::uint64_t breadth(const Scenario& scenario) {
  std::set<unsigned> threads, handles;
  for (const Operation& op : scenario.operations) {
    threads.insert(op.thread);
    if (fields_of(op.kind).handle) handles.insert(op.handle);
  }
  return scenario.cpus + threads.size() + handles.size();
}

std::uint64_t non_zero_bytes(const Operation& op) {
  return op.data.size() - static_cast<std::uint64_t>(std::count(op.data.begin(), op.data.end(), 0));
}

std::uint64_t flags(const Operation& op) {
  return (op.pointers != 0) + op.cancelled + op.synchronous + (op.irql != 0) + (op.minor != 0) + (op.device != 0);
}

Scenario with_schedule(Scenario scenario, StrategyId strategy, std::uint64_t seed, std::uint16_t runs,
                       std::vector<Directive> directives) {
  scenario.schedule = {strategy, seed, runs, std::move(directives), scenario.schedule.faults && samples(strategy)};
  return scenario;
}

Scenario directed(const Scenario& scenario, std::vector<Directive> directives) {
  return with_schedule(scenario, StrategyId::directed, 0, 1, std::move(directives));
}

bool is_directed(const Scenario& scenario) {
  return scenario.schedule.strategy == StrategyId::directed;
}

}  // namespace

Cost cost_of(const Scenario& scenario) {
  return {is_directed(scenario) ? scenario.schedule.directives.size() : ~std::uint64_t{0}, scenario.operations.size(),
          breadth(scenario),
          sum(scenario, [](const Operation& op) { return op.data.size(); }) +
              sum(scenario, [](const Operation& op) { return op.out_size; }),
          sum(scenario, non_zero_bytes), sum(scenario, flags),
          // Offsets may be anything, so a sum could overflow: each one counts up to 2^40.
          sum(scenario, [](const Operation& op) { return std::min(op.offset, limits::kMaxWait_100ns); })};
}

MinimizeSearch::MinimizeSearch(const Scenario& start, const Oracle& oracle, const MinimizeReport& report,
                               unsigned budget)
    : oracle_(oracle), report_(report), budget_(budget), best_(start) {
  const Answer answer = ask(start);
  if (!answer) throw ScenarioError("this scenario does not show the finding that is to be minimised");
  if (auto replayed = accepted(start)) best_ = std::move(*replayed);
}

MinimizeSearch::Answer MinimizeSearch::ask(const Scenario& candidate) {
  const std::string key = to_text(candidate);
  if (const auto known = asked_.find(key); known != asked_.end()) return known->second;
  // The first call is not counted, so that even without a budget it is known whether `start` is good.
  if (out_of_budget() && !asked_.empty()) return std::nullopt;
  Answer answer = oracle_(candidate);
  ++calls_;
  asked_.emplace(key, answer);
  if (report_ && !report_({phase_, calls_, budget_, best_})) stopped_ = true;
  return answer;
}

std::optional<Scenario> MinimizeSearch::accepted(const Scenario& candidate) {
  Answer decisions = ask(candidate);
  if (!decisions) return std::nullopt;
  const bool shorter = decisions->size() < candidate.schedule.directives.size();
  if (is_directed(candidate) && !shorter) return candidate;
  Scenario replay = directed(candidate, std::move(*decisions));
  if (ask(replay)) return replay;
  if (is_directed(candidate)) return candidate;
  return std::nullopt;
}

// Tries each stretch of `chunk` directives, the last ones first: what happened late matters least.
std::optional<Scenario> MinimizeSearch::with_fewer_directives(Scenario scenario, std::size_t chunk) {
  bool changed = false;
  for (std::size_t end = scenario.schedule.directives.size(); end > 0 && !out_of_budget();) {
    const std::size_t begin = end > chunk ? end - chunk : 0;
    std::vector<Directive> kept = scenario.schedule.directives;
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(begin), kept.begin() + static_cast<std::ptrdiff_t>(end));
    if (auto smaller = accepted(directed(scenario, std::move(kept)))) {
      scenario = std::move(*smaller);
      changed = true;
    }
    end = std::min(begin, scenario.schedule.directives.size());
  }
  if (!changed) return std::nullopt;
  return scenario;
}

Scenario MinimizeSearch::fewest_directives(Scenario scenario) {
  for (std::size_t chunk = scenario.schedule.directives.size(); chunk > 0;) {
    if (auto smaller = with_fewer_directives(scenario, chunk)) {
      scenario = std::move(*smaller);
      chunk = std::min(chunk, scenario.schedule.directives.size());
      if (chunk != 1) chunk /= 2;
    } else {
      chunk /= 2;
    }
  }
  return scenario;
}

std::optional<Scenario> MinimizeSearch::rescheduled(const Scenario& candidate) {
  if (auto same = accepted(candidate)) return same;
  if (candidate.schedule.directives.empty()) return std::nullopt;
  if (auto none = accepted(directed(candidate, {}))) return none;
  if (candidate.schedule.directives.size() == 1) return std::nullopt;
  // What happened early often only brought the operations into an order that the candidate has anyway.
  for (auto first = candidate.schedule.directives.begin() + 1; first + 1 < candidate.schedule.directives.end(); ++first)
    if (auto late = accepted(directed(candidate, {first, candidate.schedule.directives.end()}))) return late;
  for (const Directive& d : candidate.schedule.directives)
    if (auto single = accepted(directed(candidate, {d}))) return single;
  return std::nullopt;
}

std::optional<Scenario> MinimizeSearch::found_by_search(Scenario candidate) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
    for (const StrategyId strategy : kSearchStrategies)
      if (auto found = accepted(with_schedule(candidate, strategy, seed, kSearchRuns, {}))) return found;
  return std::nullopt;
}

bool MinimizeSearch::take(std::optional<Scenario> candidate) {
  if (!candidate || !(cost_of(*candidate) < cost_of(best_))) return false;
  best_ = std::move(*candidate);
  return true;
}

bool MinimizeSearch::try_exactly(const Scenario& candidate) {
  return cost_of(candidate) < cost_of(best_) && take(accepted(candidate));
}

bool MinimizeSearch::try_reschedule(const Scenario& candidate) {
  return take(rescheduled(candidate));
}

bool MinimizeSearch::try_search(const Scenario& candidate) {
  if (try_reschedule(candidate)) return true;
  // Without a preemption there is nothing to find: the candidate's only schedule worth having was just tried.
  if (best_.schedule.directives.empty() && is_directed(best_)) return false;
  auto found = found_by_search(candidate);
  return found && take(fewest_directives(std::move(*found)));
}

void MinimizeSearch::drop_directives() {
  if (is_directed(best_)) take(fewest_directives(best_));
}

bool MinimizeSearch::rename(const Scenario& candidate) {
  if (candidate == best_ || !ask(candidate)) return false;
  best_ = candidate;
  return true;
}

}  // namespace wdm
