// The verbs that run inside a driver's own executable. Each returns the exit code and throws UserError.
#pragma once

#include "harness/cli.h"

namespace wdm {

int verb_demo(const Options& options);
int verb_check(const Options& options);
int verb_fuzz(const Options& options);
int verb_replay(const Options& options);
int verb_minimize(const Options& options);
// Prints JSON; verbs/triage.cc makes a table of it.
int verb_triage(const Options& options);
int verb_promote(const Options& options);

// For the determinism test, see its file.
int print_trace_hashes(const char* first, const char* last);
// For the benchmarks, see their files.
int run_fixed_input(int argc, char** argv);
int run_until_found(char** arguments);

}  // namespace wdm
