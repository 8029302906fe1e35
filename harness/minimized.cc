#include "harness/minimized.h"

#include <chrono>
#include <optional>
#include <vector>

#include "harness/isolated_run.h"
#include "harness/minimize.h"

namespace wdm {

namespace {

using Clock = std::chrono::steady_clock;

bool same_summary(const Verdict& a, const Verdict& b, const DriverImage& image) {
  if (a == b) return true;
  return a.outcome == b.outcome && a.what == b.what && summary_of(a, image) == summary_of(b, image);
}

}  // namespace

Scenario minimized(const Scenario& scenario, const Verdict& verdict, const DriverImage& image, unsigned seconds,
                   const std::function<bool()>& go_on) {
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  const auto oracle = [&](const Scenario& candidate) -> std::optional<std::vector<Directive>> {
    const IsolatedRun run = run_isolated(candidate);
    if (!same_summary(run.verdict, verdict, image)) return std::nullopt;
    return run.scenario.schedule.directives;
  };
  return minimize(scenario, oracle, [&](const MinimizeProgress&) { return Clock::now() < end && (!go_on || go_on()); });
}

}  // namespace wdm
