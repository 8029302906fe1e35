#include "harness/expected_run.h"

#include "harness/driver_info.h"

namespace wdm {

namespace {
constexpr unsigned kMaxPassed = 32;
}

bool expects(const Scenario& scenario, const std::string& summary) {
  return scenario.expect == summary || scenario.expect == "SUMMARY: wdmfuzz: " + summary;
}

Passed findings_before_expected(const Scenario& scenario) {
  Passed passed;
  if (scenario.expect.empty() || scenario.expect == "clean") return passed;
  while (passed.summaries.size() < kMaxPassed) {
    const Verdict verdict = run_isolated(scenario, passed.places).verdict;
    if (verdict.outcome != Outcome::driver_bug) return {};
    const std::string summary = summary_of(verdict, driver_image());
    if (expects(scenario, summary)) return passed;
    if (!passed.places.insert({verdict.what, verdict.place}).second) return {};  // it cannot be passed over
    if (passed.summaries.empty() || passed.summaries.back() != summary) passed.summaries.push_back(summary);
  }
  return {};
}

IsolatedRun run_to_expected(const Scenario& scenario) {
  return run_isolated(scenario, findings_before_expected(scenario).places);
}

}  // namespace wdm
