// One worker of a campaign: libFuzzer in a process of its own.
#pragma once

#include <sys/types.h>

#include "harness/campaign.h"
#include "harness/pass_over.h"
#include "harness/progress.h"

namespace wdm {

// Forks a worker that fuzzes until it finds something or is stopped. It writes what it finds to OUT/findings/crash-*,
// what it prints to OUT/log/worker-<number>.log, and its counts to `progress`.
pid_t start_worker(const CampaignOptions& options, unsigned number, std::uint64_t seed, const KnownPlaces& known,
                   SharedProgress& progress);

// The executable as a plain fuzz target: the engine's own command line.
int run_engine(int argc, char** argv);

// Size of the driver's coverage map.
std::size_t coverage_edges();

}  // namespace wdm
