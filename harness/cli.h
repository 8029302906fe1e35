// What the two programs of the command line share: the options, the exit codes, and how files are read and written.
//
// `wdmfuzz-cli` builds a driver into an executable of its own and then runs that executable with the very same
// arguments, so the options are defined once, here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wdm {

inline constexpr int kExitClean = 0;
inline constexpr int kExitFound = 1;
inline constexpr int kExitUsage = 2;  // a mistake in the arguments, in a file, or a driver that does not build
inline constexpr int kExitEmuBug = 5;

// Something only the user can put right. what() is one line, shown as "wdmfuzz: <what>"; exit 2.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  std::string verb;
  std::string driver;                 // as typed: a directory or the name of a sample
  std::vector<std::string> drivers;   // of fuzz, which takes several
  unsigned only = 0;                  // which of several drivers this process is about
  std::vector<std::string> defines;   // -D, without the -D
  std::string build_dir;              // where drivers' executables are made, empty: the usual place
  std::vector<std::string> files;
  std::string output;                 // -o
  bool force = false;                 // -o may replace another file

  std::string trace = "text";         // text, html, perfetto, json
  bool debug_print = false;           // show what the driver printed
  bool expect = false;                // judge by the `expect` line of each file
  unsigned repeat = 1;                // runs of each file, which all have to end the same way

  unsigned seconds = 0;               // --time, 0: no end
  unsigned jobs = 0;                  // 0: one per processor of this computer
  unsigned cpus = 0;                  // emulated processors, 0: each input decides
  std::uint64_t seed = 0;             // 0: another one every time
  std::string out;                    // campaign directory
  bool keep_going = false;
  bool faults = false;                // fuzz: allocations and requests may fail
  bool each_fault = false;            // replay: fail every allocation and request of the case, one at a time
  bool json = false;                  // fuzz: events; triage, coverage: the result; as JSON
  std::string engine = "libfuzzer";
  std::string flavour;                // build: which compile and link lines, "" for the usual ones
  std::string dictionary;             // build: file for the engine's dictionary
  std::vector<std::string> engine_flags;  // after --

  std::string junit, sarif;           // of triage: files to write
  bool clean = false;                 // of promote: the case runs clean
  std::string corpus;                 // of promote: directory for the case

  std::vector<std::string> names;     // of rules: which ones, empty: all
  bool markdown = false;
};

// Parses a command line; with --help or --version prints and exits 0. Throws UserError.
Options parse_options(int argc, char** argv);
// Does this verb run inside the driver's own executable?
bool runs_in_driver(const Options& options);
// The exit code for two things done: a bug of the driver first, then what kept us from looking.
int worse_exit(int a, int b);
// Runs body() and turns exceptions into one line on stderr and an exit code.
int guarded(int (*body)(int argc, char** argv), int argc, char** argv);

// The whole file. Throws UserError when it cannot be read.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path);
std::string read_text(const std::filesystem::path& path);

enum class Existing { keep, replace };  // what to do with another file of that name
// Writes through a temporary file and a rename, so that a reader sees all or nothing. A file with other content is
// replaced only on request, else throws UserError.
void write_file(const std::filesystem::path& path, std::string_view content, Existing existing = Existing::keep);
void write_file(const std::filesystem::path& path, const std::vector<std::uint8_t>& content,
                Existing existing = Existing::keep);
// Content to the file of -o, or to stdout when there is none.
void write_output(const Options& options, std::string_view content);

// Directory of the running executable.
std::filesystem::path executable_directory();
std::filesystem::path executable_path();

}  // namespace wdm
