// triage, the part that runs inputs: sorts a folder of scenarios and of raw crash inputs into buckets, and prints them as
// JSON for the command line.

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>

#include "harness/campaign_store.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/isolated_run.h"
#include "harness/minimized.h"
#include "harness/reported_run.h"
#include "harness/triage.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kDefaultSeconds = 20;  // to minimise one bucket

// ---- which files are inputs

template <std::size_t N>
bool is_one_of(const std::string& word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// What campaigns of ours and of other engines write beside the inputs.
bool is_other_file(const std::string& name) {
  static constexpr std::string_view kNames[] = {"lock", "summary.json", "fuzzer_stats", "fuzzer_setup", "fuzz_bitmap", "plot_data", "cmdline"};
  static constexpr std::string_view kEndings[] = {".txt", ".html", ".json", ".xml", ".sarif", ".md", ".log"};
  return name.starts_with('.') || is_one_of(name, kNames) || is_temporary_name(name) ||
         is_one_of(fs::path(name).extension().string(), kEndings);
}

bool is_other_directory(const fs::path& path) {
  static constexpr std::string_view kNames[] = {"log", "work"};
  const std::string name = path.filename().string();
  return name.starts_with('.') || is_one_of(name, kNames);
}

bool is_corpus(const fs::path& directory) {
  static constexpr std::string_view kNames[] = {"corpus", "queue", "seed"};
  return is_one_of(directory.filename().string(), kNames);
}

struct Input {
  fs::path file;
  bool corpus = false;  // lies in a corpus: nobody says that it shows anything
};

void collect(const fs::path& directory, bool corpus, std::vector<Input>& inputs) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::error_code error;
    if (entry.is_directory(error) && !entry.is_symlink(error) && !is_other_directory(entry.path()))
      collect(entry.path(), corpus || is_corpus(entry.path()), inputs);
    else if (entry.is_regular_file(error) && !is_other_file(entry.path().filename().string()))
      inputs.push_back({entry.path(), corpus});
  }
}

std::vector<Input> inputs_in(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) throw UserError(directory.string() + ": no such directory");
  if (!fs::is_directory(directory, error))
    throw UserError(directory.string() + ": is a file; name its directory, or use replay");
  std::vector<Input> inputs;
  collect(directory, is_corpus(fs::canonical(directory)), inputs);
  std::sort(inputs.begin(), inputs.end(), [](const Input& a, const Input& b) { return a.file < b.file; });
  return inputs;
}

// ---- running them

using Size = std::tuple<std::size_t, std::size_t, std::size_t>;  // directives, operations, bytes of text

Size size_of(Scenario scenario) {
  scenario.driver = scenario.expect = "";  // only text has them
  return {scenario.schedule.directives.size(), scenario.operations.size(), to_text(scenario).size()};
}

// A bucket in the making.
struct Group {
  std::set<fs::path> stems;  // NAME.scn and NAME.input are one finding
  std::int64_t first_seen = 0;
  Verdict verdict;
  Scenario smallest;
  Size size;
  fs::path file;
  bool minimised = false;
};

std::int64_t file_time(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? static_cast<std::int64_t>(status.st_mtime) : 0;
}

fs::path stem_of(const fs::path& file) {
  return file.extension() == ".scn" || file.extension() == ".input" ? fs::path(file).replace_extension() : file;
}

void add(Group& group, const fs::path& file, const IsolatedRun& run, bool minimised) {
  const std::int64_t time = file_time(file);
  const Size size = size_of(run.scenario);
  const bool first = group.stems.empty();
  group.first_seen = first ? time : std::min(group.first_seen, time);
  group.stems.insert(stem_of(file));
  // Of equals the one that is text already.
  if (!first && std::tuple(size, !minimised) >= std::tuple(group.size, !group.minimised)) return;
  group.verdict = run.verdict;
  group.smallest = run.scenario;
  group.size = size;
  group.file = file;
  group.minimised = minimised;
}

class Progress {
 public:
  explicit Progress(std::size_t all) : all_(all) {}
  ~Progress() {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  void show(std::size_t done) const {
    if (terminal_) fmt::print(stderr, "\r\x1b[Kwdmfuzz: {} of {} inputs", done, all_);
  }

 private:
  std::size_t all_;
  bool terminal_ = ::isatty(2);
};

class Sorter {
 public:
  void run_all(const std::vector<Input>& inputs) {
    const Progress progress(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      progress.show(i);
      run_one(inputs[i]);
    }
  }

  Triage triage;
  std::map<std::string, Group> groups;

 private:
  void run_one(const Input& input) {
    try {
      const Scenario scenario = read_scenario(input.file.string(), driver_profile());
      judge(input, scenario, run_isolated(scenario));
    } catch (const UserError& error) {
      triage.unreadable.push_back({input.file.string(), error.what()});
    }
    ++triage.inputs;
  }

  void judge(const Input& input, const Scenario& scenario, const IsolatedRun& run) {
    if (run.verdict.outcome != Outcome::clean) {
      const std::string summary = summary_of(run.verdict, driver_image());
      add(groups[summary], input.file, run, scenario.expect == summary);
    } else if (input.corpus || scenario.expect == "clean") {
      ++triage.corpus;
    } else {
      triage.not_reproduced.push_back(input.file.string());
    }
  }
};

// ---- from groups to buckets

// Where the minimised scenario is kept: a file of -o, or nowhere, and then the input itself reproduces it.
std::string keep(const Options& options, const Group& group, const Scenario& scenario) {
  if (options.output.empty()) return group.file.string();
  const std::string text = to_text(scenario);
  for (unsigned n = 1;; ++n) {
    const fs::path file = fs::path(options.output) / fmt::format("{}-{}.scn", file_word(group.verdict.what), n);
    if (fs::exists(file) && read_text(file) != text) continue;
    write_file(file, text);
    return file.string();
  }
}

void fill_from_report(Bucket& bucket, const Scenario& scenario) {
  const auto report = nlohmann::json::parse(json_report(scenario), nullptr, false);
  if (!report.is_object()) return;
  bucket.rule = report.value("rule", "");
  bucket.headline = report.value("headline", "");
  bucket.rule_sentence = report.value("rule_sentence", "");
  if (report["stack"].empty()) return;
  const auto& frame = report["stack"].front();
  bucket.function = frame.value("function", "");
  bucket.path = frame.value("path", "");
  bucket.line = frame.value("line", 0u);
  bucket.column = frame.value("column", 0u);
}

Bucket bucket_of(const Options& options, const std::string& summary, const Group& group) {
  Scenario scenario = group.smallest;
  if (!group.minimised)
    scenario = minimized(group.smallest, group.verdict, driver_image(), options.seconds ? options.seconds : kDefaultSeconds);
  scenario.driver = driver_profile().name;
  scenario.expect = summary;
  Bucket bucket;
  bucket.summary = summary;
  bucket.outcome = outcome_word(group.verdict.outcome);
  bucket.count = group.stems.size();
  bucket.first_seen = group.first_seen;
  bucket.scenario = to_text(scenario);
  bucket.operations = scenario.operations.size();
  bucket.directives = scenario.schedule.directives.size();
  bucket.representative = keep(options, group, scenario);
  bucket.reproduce = fmt::format("{} replay {} {}", program_as_typed(), driver_argument(), bucket.representative);
  bucket.report = text_report(scenario, bucket.reproduce);
  fill_from_report(bucket, scenario);
  return bucket;
}

}  // namespace

int verb_triage(const Options& options) {
  Sorter sorter;
  sorter.triage.driver = driver_profile().name;
  sorter.triage.directory = options.files.front();
  const auto inputs = inputs_in(options.files.front());
  if (!options.output.empty()) fs::create_directories(options.output);
  sorter.run_all(inputs);
  for (const auto& [summary, group] : sorter.groups) sorter.triage.buckets.push_back(bucket_of(options, summary, group));
  sort_buckets(sorter.triage);
  const std::string text = render_triage_json(sorter.triage);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitClean;
}

}  // namespace wdm
