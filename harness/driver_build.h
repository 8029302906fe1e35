// Builds a driver into an executable of its own: compile (emu/sdk/wdmcc), describe (the info object), link.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/discover.h"

namespace wdm {

// Where things are: `root` has the driver compiler, the samples and their corpus, `libraries` what drivers are linked
// from, and `build` is where their executables are made. In a repository the last two are its build directory; in an
// installed tree only the user's cache is written to.
struct Layout {
  std::filesystem::path root, libraries, build;
  std::filesystem::path samples() const { return root / "harness" / "drivers"; }
  std::filesystem::path compiler() const { return root / "emu" / "sdk" / "wdmcc"; }
  // Arguments of the compiler and of the linker, one a line, written by the build; @HERE@ is the file's own directory.
  std::filesystem::path compile_line() const { return libraries / "driver-compile.txt"; }
  std::filesystem::path link_line() const { return libraries / ("driver-link" + suffix() + ".txt"); }
  // More arguments of the compiler for another flavour of the same driver: another engine, other sanitizers.
  std::filesystem::path flavour_line() const { return libraries / ("driver-compile" + suffix() + ".txt"); }
  std::string flavour = {};  // "" is the driver's own executable
  std::string suffix() const { return flavour.empty() ? "" : "-" + flavour; }
};
// From the place of this executable. The variable WDMFUZZ_ROOT names another root; `build_dir` when it is not empty,
// else the variable WDMFUZZ_BUILD, another place for the drivers' executables. Throws UserError when the libraries are
// missing.
Layout find_layout(const std::string& build_dir = "");

struct BuiltDriver {
  DriverSpec spec;
  std::filesystem::path executable;
  std::filesystem::path ddis;  // list of the DDIs it uses
};

// Brings the driver's executable up to date below <build>/drivers and returns it. What has not changed is not done
// again; two builds of the same driver wait for each other. Says on stderr what it does when that takes time.
// Throws UserError with the compiler's first messages when the driver does not build.
BuiltDriver build_driver(const Layout& layout, const DriverSpec& spec);

// What numbers.h finds in the driver, which is built.
std::vector<std::uint32_t> numbers_of(const BuiltDriver& driver);

// The driver's IOCTL codes, as its executable knows them. Costs a few runs of the compiler's front end.
std::vector<Ioctl> find_ioctls(const Layout& layout, const DriverSpec& spec);

}  // namespace wdm
