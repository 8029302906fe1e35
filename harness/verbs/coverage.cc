// wdmfuzz coverage: which lines of a driver the inputs of a campaign reach. The driver is built a second time with the compiler's
// own coverage, runs the inputs (see in_driver/profile_inputs.cc), and llvm-profdata and llvm-cov do the rest.

#include <cxxabi.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli_process.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

constexpr const char* kSummaryFile = "coverage.json";  // in the directory of the pages; it also says that they are ours

// ---- the inputs

// Reports and pages lie beside the cases of a campaign.
bool is_case(const fs::path& file) {
  static constexpr std::string_view kOthers[] = {".txt", ".html", ".json", ".md", ".log"};
  return std::find(std::begin(kOthers), std::end(kOthers), file.extension().string()) == std::end(kOthers);
}

void add_cases(std::vector<fs::path>& cases, const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_regular_file(error) && is_case(entry.path())) found.push_back(fs::absolute(entry.path()));
  std::sort(found.begin(), found.end());
  cases.insert(cases.end(), found.begin(), found.end());
}

// Of a campaign directory, or of a folder of cases.
void add_campaign(std::vector<fs::path>& cases, const fs::path& directory) {
  std::error_code error;
  const bool campaign = fs::is_directory(directory / "corpus", error) || fs::is_directory(directory / "findings", error);
  if (!campaign) return add_cases(cases, directory);
  add_cases(cases, directory / "corpus");
  add_cases(cases, directory / "findings");
}

std::vector<fs::path> cases_of(const Options& options, const Layout& layout, const DriverSpec& spec) {
  std::vector<fs::path> cases;
  if (!options.files.empty()) {
    const fs::path directory = options.files.front();
    if (!fs::is_directory(directory)) throw UserError(directory.string() + ": no such directory; name a campaign's or a folder of cases");
    add_campaign(cases, directory);
    if (cases.empty()) throw UserError(directory.string() + ": has no cases in it");
    return cases;
  }
  const fs::path directory = fs::path("wdmfuzz-out") / spec.name;
  add_campaign(cases, directory);
  add_cases(cases, layout.root / "corpus" / spec.name / "seed");
  add_cases(cases, layout.root / "corpus" / spec.name / "found");
  if (cases.empty())
    throw UserError(fmt::format("{}: no campaign to measure; run wdmfuzz fuzz {} first, or name a directory", directory.string(),
                                options.driver));
  return cases;
}

// ---- running them

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "wdmfuzz-coverage-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw UserError(name + ": cannot be made; set TMPDIR to a directory that can be written");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string tool(const std::string& name) {
  const std::string path = find_program({name + "-14", name});
  if (path.empty()) throw UserError(name + ": not found; install Debian's llvm-14");
  return path;
}

std::string output_of(const std::vector<std::string>& command) {
  const ProcessResult result = run_process(command);
  if (result.exit) {
    const std::string why = result.errors.substr(0, result.errors.find('\n'));
    throw UserError(fmt::format("{}: failed: {}", command.front(), why.empty() ? fmt::format("exit {}", result.exit) : why));
  }
  return result.output;
}

// The merged counts of all cases.
fs::path profile_of(const BuiltDriver& driver, const std::vector<fs::path>& cases, const fs::path& work) {
  std::string list;
  for (const fs::path& file : cases) list += file.string() + "\n";
  write_file(work / "list", list);
  ::setenv("LLVM_PROFILE_FILE", (work / "parent.profraw").c_str(), 1);
  const ProcessResult result =
      run_process({driver.executable.string(), "profile-inputs", work.string(), (work / "list").string()});
  fmt::print(stderr, "{}", result.errors);
  if (result.exit) throw UserError(driver.spec.name + ": its cases could not be run for coverage");
  std::vector<std::string> merge = {tool("llvm-profdata"), "merge", "-sparse", "-o", (work / "profile").string()};
  for (const auto& entry : fs::directory_iterator(work))
    if (entry.path().extension() == ".profraw") merge.push_back(entry.path().string());
  output_of(merge);
  return work / "profile";
}

// ---- the numbers

struct Ratio {
  std::uint64_t covered = 0, count = 0;
  void add(const Ratio& other) {
    covered += other.covered;
    count += other.count;
  }
};

struct Coverage {
  fs::path path;
  std::string name;  // relative to the driver's directory where it lies there
  Ratio lines, branches, functions;
};

struct Summary {
  std::vector<Coverage> files;
  Coverage total;
  std::vector<std::string> never_entered;  // functions
};

// Headers of the SDK have inline functions, and macros with branches: not the driver's.
bool is_own(const fs::path& file, const Layout& layout) {
  const auto below = [&](const fs::path& directory) { return file.string().starts_with(directory.string() + "/"); };
  return !below(layout.root / "emu") && !below(layout.build) && !below("/usr");
}

Ratio ratio_in(const ordered_json& summary, const char* kind) {
  return {summary.at(kind).at("covered").get<std::uint64_t>(), summary.at(kind).at("count").get<std::uint64_t>()};
}

std::string relative_name(const fs::path& path, const DriverSpec& spec) {
  const fs::path relative = path.lexically_relative(spec.directory);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

// "driver.c:Create" of a static function, "_Z4workv" of C++.
std::string readable(std::string name) {
  if (const std::size_t colon = name.rfind(':'); colon != name.npos) name.erase(0, colon + 1);
  int status = 0;
  const std::unique_ptr<char, decltype(&::free)> plain(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), ::free);
  return status == 0 ? plain.get() : name;
}

// A function of a header is there once for each source that includes it.
std::vector<std::string> never_entered(const ordered_json& functions, const Layout& layout) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& function : functions)
    if (is_own(function.at("filenames").at(0).get<std::string>(), layout))
      counts[readable(function.at("name").get<std::string>())] += function.at("count").get<std::uint64_t>();
  std::vector<std::string> names;
  for (const auto& [name, count] : counts)
    if (count == 0) names.push_back(name);
  return names;
}

Summary summary_of(const std::string& exported, const Layout& layout, const DriverSpec& spec) {
  const ordered_json data = ordered_json::parse(exported).at("data").at(0);
  Summary summary;
  summary.total.name = "total";
  for (const auto& file : data.at("files")) {
    const fs::path path = file.at("filename").get<std::string>();
    if (!is_own(path, layout)) continue;
    const auto& numbers = file.at("summary");
    Coverage coverage{path, relative_name(path, spec), ratio_in(numbers, "lines"), ratio_in(numbers, "branches"),
                      ratio_in(numbers, "functions")};
    if (coverage.lines.count == 0) continue;  // a header of declarations
    summary.total.lines.add(coverage.lines);
    summary.total.branches.add(coverage.branches);
    summary.total.functions.add(coverage.functions);
    summary.files.push_back(std::move(coverage));
  }
  std::sort(summary.files.begin(), summary.files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  summary.never_entered = never_entered(data.at("functions"), layout);
  return summary;
}

// ---- telling them

std::string text_of(const Ratio& ratio) {
  if (ratio.count == 0) return "-";
  return fmt::format("{}/{} {:3.0f} %", ratio.covered, ratio.count, 100.0 * static_cast<double>(ratio.covered) / static_cast<double>(ratio.count));
}

std::string text_of(const Summary& summary) {
  std::size_t width = 5;
  for (const Coverage& file : summary.files) width = std::max(width, file.name.size());
  const auto row = [&](const std::string& name, const std::string& lines, const std::string& branches, const std::string& functions) {
    return fmt::format("{:<{}}  {:>15}  {:>15}  {:>15}\n", name, width, lines, branches, functions);
  };
  const auto row_of = [&](const Coverage& c) { return row(c.name, text_of(c.lines), text_of(c.branches), text_of(c.functions)); };
  std::string text = row("file", "lines", "branches", "functions");
  for (const Coverage& file : summary.files) text += row_of(file);
  text += row_of(summary.total);
  if (!summary.never_entered.empty()) text += "never entered:";
  for (std::size_t i = 0; i < summary.never_entered.size(); ++i) text += (i ? ", " : " ") + summary.never_entered[i];
  return text + (summary.never_entered.empty() ? "" : "\n");
}

ordered_json json_of(const Ratio& ratio) { return {{"covered", ratio.covered}, {"count", ratio.count}}; }

ordered_json json_of(const Coverage& file) {
  return {{"file", file.name}, {"lines", json_of(file.lines)}, {"branches", json_of(file.branches)}, {"functions", json_of(file.functions)}};
}

std::string json_of(const Summary& summary, const DriverSpec& spec, std::size_t cases) {
  ordered_json json = {{"driver", spec.name}, {"cases", cases}, {"files", ordered_json::array()}};
  for (const Coverage& file : summary.files) json["files"].push_back(json_of(file));
  json["total"] = json_of(summary.total);
  json["total"].erase("file");
  json["never_entered"] = summary.never_entered;
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

// ---- the pages

fs::path page_directory(const Options& options, const DriverSpec& spec) {
  const fs::path directory =
      options.output.empty() ? fs::path("wdmfuzz-out") / spec.name / "coverage" : fs::path(options.output);
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_directory(directory, error))
    throw UserError(directory.string() + ": is a file; name a directory for the pages");
  if (fs::exists(directory, error) && !fs::is_empty(directory, error) && !fs::exists(directory / kSummaryFile, error))
    throw UserError(directory.string() + ": holds something else; name an empty directory for the pages");
  return directory;
}

void write_pages(const BuiltDriver& driver, const fs::path& profile, const Summary& summary, const fs::path& directory) {
  std::vector<std::string> show = {tool("llvm-cov"), "show", driver.executable.string(), "-instr-profile=" + profile.string(),
                                   "-format=html", "-show-branches=count", "-output-dir=" + directory.string(),
                                   "-project-title=" + driver.spec.name};
  for (const Coverage& file : summary.files) show.push_back(file.path.string());
  output_of(show);
}

}  // namespace

int verb_coverage(const Options& options, const Layout& layout) {
  const DriverSpec spec = resolve_driver(options.driver, options.defines, layout.samples());
  const auto cases = cases_of(options, layout, spec);
  const fs::path pages = page_directory(options, spec);
  Layout counting = layout;
  counting.flavour = "coverage";
  const BuiltDriver driver = build_driver(counting, spec);
  const TemporaryDirectory work;
  const fs::path profile = profile_of(driver, cases, work.path());
  const std::string exported =
      output_of({tool("llvm-cov"), "export", driver.executable.string(), "-instr-profile=" + profile.string()});
  const Summary summary = summary_of(exported, layout, spec);
  if (summary.files.empty()) throw UserError(spec.name + ": no coverage of its sources was recorded");
  fs::create_directories(pages);
  write_pages(driver, profile, summary, pages);
  const std::string json = json_of(summary, spec, cases.size());
  write_file(pages / kSummaryFile, json, Existing::replace);
  if (options.json) {
    fmt::print("{}", json);
    return kExitClean;
  }
  fmt::print("{}: {} cases\n{}page: {}\n", spec.name, cases.size(), text_of(summary), fs::absolute(pages / "index.html").string());
  return kExitClean;
}

}  // namespace wdm
