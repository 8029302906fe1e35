// The two halves of the mutator. Every function leaves a scenario that make_canonical may still have to put right.
#pragma once

#include "harness/mutate.h"
#include "harness/random.h"

namespace wdm {

// Changes how the scenario is scheduled: always another seed, now and then another strategy, directives, processors.
void mutate_schedule(Scenario& scenario, Random& random, const DriverProfile& profile);
// Another strategy with everything that belongs to it.
void draw_schedule(Scenario& scenario, Random& random, const DriverProfile& profile);

// One to three changes of what the threads do.
void mutate_operations(Scenario& scenario, Random& random, const DriverProfile& profile);
// Lets the engine mutate a piece of data, a control code or an output size, so that values it saw compared get in.
// False when there is no such piece.
bool mutate_blindly(Scenario& scenario, Random& random, BlindMutation blind);
// An open, a request, and operations up to `count` beside the open, by `threads` threads.
void draw_operations(Scenario& scenario, std::size_t count, unsigned threads, Random& random,
                     const DriverProfile& profile);
// Moves the first open to the front, or puts one there.
void begin_with_open(Scenario& scenario, Random& random, const DriverProfile& profile);

}  // namespace wdm
