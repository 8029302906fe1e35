// The command line as a table of verbs: README and tests rely on it.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <set>

#include "emu/machine/limits.h"
#include "harness/cli.h"

namespace wdm {

namespace {

constexpr unsigned kMaxJobs = 64;

void build_dir(CLI::App& verb, Options& options) {
  verb.add_option("--build-dir", options.build_dir, "make the driver's executable below this directory");
}

constexpr const char* kDriverText = "directory with the driver's sources, or the name of a sample";

void defines(CLI::App& verb, Options& options) {
  verb.add_option("-D", options.defines, "NAME or NAME=VALUE: preprocessor definition for the driver")
      ->allow_extra_args(false);
  build_dir(verb, options);
}

void driver(CLI::App& verb, Options& options) {
  verb.add_option("DRIVER", options.driver, kDriverText)->required();
  defines(verb, options);
}

void output(CLI::App& verb, Options& options, const char* what) {
  verb.add_option("-o,--output", options.output, what);
  verb.add_flag("--force", options.force, "replace the output file if it exists");
}

void campaign(CLI::App& verb, Options& options) {
  verb.add_option("--time", options.seconds, "stop after so many seconds")->check(CLI::Range(1u, 100'000'000u));
  verb.add_option("--jobs", options.jobs, "worker processes (default: one per processor)")->check(CLI::Range(1u, kMaxJobs));
  verb.add_option("--cpus", options.cpus, "emulated processors (default: each input decides)")
      ->check(CLI::Range(1u, limits::kMaxCpus));
  verb.add_option("--seed", options.seed, "seed of the first worker; the next ones count on");
  verb.add_option("--out", options.out, "campaign directory (default: wdmfuzz-out/<driver>)");
}

void build(CLI::App& verb, Options& options) {
  driver(verb, options);
  output(verb, options, "copy the executable there");
  verb.add_option("--flavour", options.flavour, "compile and link as driver-*-NAME.txt of the build directory say");
  verb.add_option("--dictionary", options.dictionary, "write the driver's names and numbers there, for the engine's -dict=");
}

void fuzz(CLI::App& verb, Options& options) {
  verb.add_option("DRIVER", options.drivers, std::string(kDriverText) + "; several run one after the other")->required();
  verb.add_option("--only", options.only)->group("");  // how a process learns which of them it is about
  defines(verb, options);
  campaign(verb, options);
  verb.add_flag("--json", options.json, "events on stdout, one JSON object a line");
  verb.add_flag("--keep-going", options.keep_going, "go on after a finding; one finding per SUMMARY");
  verb.add_flag("--faults", options.faults, "allocations, mappings and requests may fail, as on a machine short of resources");
  verb.add_option("--engine", options.engine, "fuzzing engine")->check(CLI::IsMember({"libfuzzer", "afl"}));
}

void replay(CLI::App& verb, Options& options) {
  driver(verb, options);
  verb.add_option("FILE", options.files, "scenarios, text or binary")->required();
  verb.add_option("--trace", options.trace, "form of the report")
      ->check(CLI::IsMember({"text", "html", "perfetto", "json"}));
  output(verb, options, "write the report there");
  verb.add_flag("--debug-print", options.debug_print, "show what the driver printed (DbgPrint)");
  verb.add_flag("--expect", options.expect, "exit 0 when every file ends as its expect line says (without one: clean)");
  verb.add_flag("--each-fault", options.each_fault, "let every allocation and request of the case fail, one at a time");
  verb.add_option("--repeat", options.repeat, "run each file so often; they all have to end the same way")
      ->check(CLI::Range(1u, 1'000'000u));
}

void triage(CLI::App& verb, Options& options) {
  driver(verb, options);
  verb.add_option("DIR", options.files, "campaign directory, or any folder of scenarios and crash inputs")->required()->expected(1);
  verb.add_flag("--json", options.json, "JSON instead of the table");
  verb.add_option("--junit", options.junit, "also write JUnit's XML there, a failing testcase for each bucket");
  verb.add_option("--sarif", options.sarif, "also write SARIF 2.1.0 there");
  verb.add_option("--time", options.seconds, "seconds to minimise each bucket (default: 20)")->check(CLI::Range(1u, 100'000'000u));
  output(verb, options, "keep the minimised scenarios in that directory");
}

void promote(CLI::App& verb, Options& options) {
  driver(verb, options);
  verb.add_option("FILE", options.files, "scenario, text or binary")->required()->expected(1);
  verb.add_flag("--clean", options.clean, "the case runs clean, and has to go on so");
  verb.add_option("--corpus", options.corpus, "put the case there (default: corpus/<driver>/found, or corpus beside the driver's sources)");
}

void minimize(CLI::App& verb, Options& options) {
  driver(verb, options);
  verb.add_option("FILE", options.files, "scenario, text or binary")->required()->expected(1);
  output(verb, options, "smallest scenario with the same SUMMARY");
  verb.add_option("--time", options.seconds, "stop after so many seconds")->check(CLI::Range(1u, 100'000'000u));
}

void show(CLI::App& verb, Options& options) {
  verb.add_option("FILE", options.files, "scenario, text or binary")->required()->expected(1);
  verb.add_option("--driver", options.driver, "driver that the binary scenario was made for");
  build_dir(verb, options);
  output(verb, options, "write it there");
}

void assemble(CLI::App& verb, Options& options) {
  show(verb, options);
  verb.get_option("--output")->required();
}

void coverage(CLI::App& verb, Options& options) {
  driver(verb, options);
  verb.add_option("DIR", options.files, "campaign directory, or a folder of scenarios or inputs (default: wdmfuzz-out/<driver>)")
      ->expected(0, 1);
  verb.add_option("-o,--output", options.output, "directory for the pages (default: wdmfuzz-out/<driver>/coverage)");
  verb.add_flag("--json", options.json, "print the summary as JSON");
}

void table(CLI::App& verb, Options& options) { verb.add_flag("--markdown", options.markdown, "as a Markdown table"); }

void rules(CLI::App& verb, Options& options) {
  verb.add_option("NAME", options.names, "rules to explain, with an example of each (default: a list of all)");
  verb.add_flag("--markdown", options.markdown, "as Markdown");
}

void none(CLI::App&, Options&) {}

struct Verb {
  const char* name;
  const char* text;
  void (*define)(CLI::App&, Options&);
  bool in_driver;
};

constexpr Verb kVerbs[] = {
    {"demo", "finds a seeded bug in a sample driver and shows the report", campaign, true},
    {"build", "builds a driver's executable, a fuzz target of its own", build, false},
    {"check", "compiles a driver, runs DriverEntry, AddDevice and unload, lists its DDIs", driver, true},
    {"fuzz", "looks for bugs; stops at the first one and minimises it", fuzz, true},
    {"replay", "runs stored scenarios and prints their reports", replay, true},
    {"minimize", "smallest scenario with the same SUMMARY", minimize, true},
    {"triage", "sorts the inputs of a folder into one bucket per SUMMARY", triage, true},
    {"promote", "makes a finding a case of the test suite", promote, true},
    {"coverage", "which lines of the driver a campaign or a folder of cases reaches", coverage, false},
    {"show", "prints a scenario as text", show, false},
    {"assemble", "turns a scenario's text into bytes", assemble, false},
    {"rules", "lists the rules, or explains some", rules, false},
    {"drivers", "lists the sample drivers", table, false},
    {"ddis", "lists the emulated DDIs", table, false},
    {"test", "builds everything and runs the test suite (arguments go to ctest)", none, false},
    {"bench", "runs the benchmarks", none, false},
};

// Everything after "--" is the engine's.
std::vector<std::string> split_engine_flags(int argc, char** argv, std::vector<std::string>& flags) {
  std::vector<std::string> rest;
  int i = 1;
  for (; i < argc && std::string_view(argv[i]) != "--"; ++i) rest.emplace_back(argv[i]);
  for (++i; i < argc; ++i) flags.emplace_back(argv[i]);
  return rest;
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  CLI::App app("Runs Windows WDM drivers on emulated processors and looks for lock, IRQL and IRP bugs.", "wdmfuzz");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 clean, 1 DRIVER BUG, 2 usage or build error, 3 NOT EMULATED, 4 LIMIT, 5 EMU BUG.");
  for (const Verb& verb : kVerbs) verb.define(*app.add_subcommand(verb.name, verb.text), options);
  std::vector<std::string> arguments = split_engine_flags(argc, argv, options.engine_flags);
  if (arguments.empty()) arguments.emplace_back("--help");
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::Success& help) {
    std::exit(app.exit(help));
  } catch (const CLI::ParseError& error) {
    throw UserError(one_line(error.what()) + "; see wdmfuzz --help");
  }
  options.verb = app.get_subcommands().front()->get_name();
  if (options.verb == "demo") options.driver = "mailbox";
  if (options.verb == "fuzz") options.driver = options.drivers.at(options.only);
  return options;
}

bool runs_in_driver(const Options& options) {
  for (const Verb& verb : kVerbs)
    if (options.verb == verb.name)
      return verb.in_driver || ((options.verb == "show" || options.verb == "assemble") && !options.driver.empty());
  return false;
}

}  // namespace wdm
