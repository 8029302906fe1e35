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
  std::filesystem::path link_line() const { return build / ("driver-link" + suffix() + ".txt"); }
  // More arguments of the compiler for another flavour of the same driver: another engine, other sanitizers.
  std::filesystem::path flavour_line() const { return build / ("driver-compile" + suffix() + ".txt"); }
  std::string flavour;  // "" is the driver's own executable
  std::string suffix() const { return flavour.empty() ? "" : "-" + flavour; }
};
// From the place of this executable; the variable WDMFUZZ_ROOT names a repository elsewhere.
Layout find_layout();

struct BuiltDriver {
  DriverSpec spec;
  std::filesystem::path executable;
  std::filesystem::path ddis;  // list of the DDIs it uses
};

// Brings the driver's executable up to date below <build>/drivers and returns it. What has not changed is not done
// again; two builds of the same driver wait for each other. Says on stderr what it does when that takes time.
// Throws UserError with the compiler's first messages when the driver does not build.
BuiltDriver build_driver(const Layout& layout, const DriverSpec& spec);

// The driver's IOCTL codes, as its executable knows them. Costs a few runs of the compiler's front end.
std::vector<Ioctl> find_ioctls(const Layout& layout, const DriverSpec& spec);

}  // namespace wdm
