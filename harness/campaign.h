// A fuzzing campaign on the driver in this executable: worker processes, their findings, and the directory that keeps
// both. The parent forks and watches; it never runs the driver itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/report.h"

namespace wdm {

struct CampaignOptions {
  std::filesystem::path out;  // see campaign_store.h; what is there already is used
  unsigned seconds = 0;       // 0: no end
  unsigned jobs = 1;
  std::uint64_t seed = 1;     // of the first worker; the others count on
  bool keep_going = false;    // one finding per SUMMARY, until the time is over
  bool json = false;          // events on stdout, see campaign_output.h
  std::vector<std::string> engine_flags;
  std::filesystem::path afl_target, afl_mutator;  // engine AFL++: the driver built for it, our mutations; empty: libFuzzer
  std::vector<std::filesystem::path> seeds;  // scenarios to begin with
};

struct CampaignFinding {
  Outcome outcome = Outcome::driver_bug;
  std::string summary;
  std::filesystem::path scenario;  // OUT/findings/<rule>-<n>.scn, minimised
  std::string report;              // text, as in the .txt beside it; "" when it is not to be printed again
  bool known = false;              // it was there before this campaign
};

struct CampaignResult {
  std::vector<CampaignFinding> findings;
  int exit_code = 0;
};

// Runs until the first finding, or with keep_going until the time is over or SIGINT. A finding that is already in the
// directory is not written again. Throws UserError when another campaign uses the directory.
CampaignResult run_campaign(const CampaignOptions& options);

}  // namespace wdm
