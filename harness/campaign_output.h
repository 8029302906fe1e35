// What a campaign says while it runs: for people a line on stderr and reports on stdout, for programs (--json) one JSON
// object a line on stdout and nothing else there.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/campaign.h"
#include "harness/progress.h"

namespace wdm {

struct CampaignEnd {
  ProgressFacts facts;
  int exit_code = 0;
  bool interrupted = false;
};

class CampaignOutput {
 public:
  explicit CampaignOutput(const CampaignOptions& options) : options_(options) {}

  // Event "start".
  void start(const ProgressFacts& facts);
  // Event "progress", now and then.
  void progress(const ProgressFacts& facts);
  // A finding that is not minimised yet.
  void caught(const std::string& summary);
  // Event "finding".
  void finding(const CampaignFinding& finding);
  // Event "end", also kept as OUT/summary.json.
  void end(const CampaignEnd& end, const std::vector<CampaignFinding>& findings);
  // A line on stderr.
  void say(const std::string& line);

 private:
  const CampaignOptions& options_;
  ProgressDisplay display_;
  double last_event_ = 0;
};

// A finding of a campaign directory that does not come from a campaign: the driver does not even load. Event "finding" or
// the report, whichever it is to be.
void print_load_failure(const CampaignOptions& options, Outcome outcome, const std::string& summary, const std::string& report);

}  // namespace wdm
