#include "harness/minimized.h"

#include <chrono>

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

Scenario minimized(const Scenario& scenario, const Verdict& verdict, const DriverImage& image, unsigned seconds) {
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  const auto still_fails = [&](const Scenario& candidate) {
    return Clock::now() < end && same_summary(run_isolated(candidate).verdict, verdict, image);
  };
  const Scenario smallest = minimize(scenario, still_fails);
  const IsolatedRun last = run_isolated(smallest);
  return same_summary(last.verdict, verdict, image) ? last.scenario : smallest;
}

}  // namespace wdm
