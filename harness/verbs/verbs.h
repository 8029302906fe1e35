// The verbs that need no driver. Each returns the exit code and throws UserError.
#pragma once

#include "harness/cli.h"
#include "harness/driver_build.h"

namespace wdm {

int verb_rules(const Options& options);
int verb_ddis(const Options& options);
int verb_coverage(const Options& options, const Layout& layout);
int verb_drivers(const Options& options, const Layout& layout);

}  // namespace wdm
