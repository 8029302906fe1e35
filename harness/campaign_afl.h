// A campaign's worker with AFL++ instead of libFuzzer. afl-fuzz runs another build of the driver's executable; a supervisor
// in between carries what it writes to where libFuzzer's workers write.
#pragma once

#include "harness/campaign.h"
#include "harness/progress.h"

namespace wdm {

// In the forked worker `number`: runs afl-fuzz until it ends or this process gets SIGTERM, and copies its new inputs to
// the worker's directory and its crashes to OUT/findings/crash-*, as libFuzzer names them. The target counts in `progress`.
[[noreturn]] void work_with_afl(const CampaignOptions& options, unsigned number, std::uint64_t seed, SharedProgress& progress);

// In the target that afl-fuzz has started: the progress of its campaign, and which worker this is. Null elsewhere.
struct AttachedProgress {
  SharedProgress* progress = nullptr;
  unsigned worker = 0;
};
AttachedProgress attached_progress();

}  // namespace wdm
