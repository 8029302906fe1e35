// Builds a driver into an executable of its own: compile (emu/sdk/wdmcc), describe (the info object), link.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/discover.h"

namespace wdm {

// Where things are: `root` is the repository, `build` the build directory that holds the running program.
struct Layout {
  std::filesystem::path root, build;
  std::filesystem::path samples() const { return root / "harness" / "drivers"; }
  std::filesystem::path compiler() const { return root / "emu" / "sdk" / "wdmcc"; }
  // Arguments of the compiler and of the linker, one a line, written by the build.
  std::filesystem::path compile_line() const { return build / "driver-compile.txt"; }
  std::filesystem::path link_line() const { return build / "driver-link.txt"; }
};
// From the place of this executable; the variable WDMFUZZ_ROOT names a repository elsewhere.
Layout find_layout();

enum class Flavour {
  fuzz,
  coverage,  // counts which lines run, for llvm-cov
};

struct BuiltDriver {
  DriverSpec spec;
  std::filesystem::path executable;
  std::filesystem::path ddis;  // list of the DDIs it uses
};

// Brings the driver's executable up to date below <build>/drivers and returns it. What has not changed is not done
// again; two builds of the same driver wait for each other. Says on stderr what it does when that takes time.
// Throws UserError with the compiler's first messages when the driver does not build.
BuiltDriver build_driver(const Layout& layout, const DriverSpec& spec, Flavour flavour = Flavour::fuzz);

}  // namespace wdm
