// The verbs that need no driver. Each returns the exit code and throws UserError.
#pragma once

#include "harness/cli.h"
#include "harness/driver_build.h"

namespace wdm {

int verb_rules(const Options& options);
int verb_ddis(const Options& options);
int verb_drivers(const Options& options, const Layout& layout);

// Builds the driver that a command is about and sets the environment that its executable wants.
BuiltDriver prepare_driver(const std::string& name, const Options& options);
// Sorts in the driver's executable, renders here.
int verb_triage(const Options& options, char** argv);
// fuzz with several drivers: one campaign after the other, then a table.
int fuzz_several(const Options& options, char** argv);

}  // namespace wdm
