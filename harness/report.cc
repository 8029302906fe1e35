#include "harness/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "emu/machine/hypercall.h"
#include "harness/driver_info.h"
#include "harness/report_steps.h"
#include "harness/report_words.h"

namespace wdm {

namespace {

constexpr std::size_t kMaxFrames = 16;
constexpr std::size_t kTokenFrames = 3;      // ClusterFuzz's state has as many lines
constexpr unsigned kExcerptRadius = 3;       // lines before and after

std::uint64_t text_begin(const DriverImage& image) { return reinterpret_cast<std::uint64_t>(image.text_begin); }

// ---- where it happened

// The routine whose end is event `index`: the event of its start.
const Event* start_of_callback(const Trace& trace, std::uint32_t index) {
  const Event& end = trace.events[index];
  for (std::uint32_t i = index; i-- > 0;) {
    const Event& e = trace.events[i];
    if (e.kind == EVENT_CallbackEnter && e.thread == end.thread && e.activation == end.activation) return &e;
  }
  return nullptr;
}

std::uint64_t offset_of_event(const Trace& trace, std::uint32_t index) {
  if (index >= trace.events.size()) return kNoPlace;
  const std::uint64_t own = code_offset(trace.events[index]);
  if (own != kNoPlace || trace.events[index].kind != EVENT_CallbackLeave) return own;
  const Event* const start = start_of_callback(trace, index);
  return start ? code_offset(*start) : kNoPlace;
}

std::uint64_t offset_of_object(const Trace& trace, std::uint32_t index) {
  if (index >= trace.events.size()) return kNoPlace;
  const ObjectId object = trace.events[index].object;
  if (object == 0 || object >= trace.objects.size() || trace.objects[object].site == kNoSite) return kNoPlace;
  return trace.objects[object].site - 1;
}

std::uint64_t offset_of_finding(const Trace& trace, const Finding& finding) {
  if (const auto own = offset_of_event(trace, finding.event); own != kNoPlace) return own;
  for (const Evidence& evidence : finding.evidence)
    if (const auto other = offset_of_event(trace, evidence.event); other != kNoPlace) return other;
  return offset_of_object(trace, finding.event);
}

std::uint64_t offset_of_result(const Trace& trace, const RunResult& result, const DriverImage& image) {
  if (result.finding) return offset_of_finding(trace, *result.finding);
  return result.stack.empty() ? kNoPlace : result.stack.front() - 1 - text_begin(image);
}

// Code addresses of the driver's frames, as call sites. The failing fiber's stack belongs to the finding only when it
// begins at the same place: a forgotten IRP is found by the thread that unloads the driver.
std::vector<std::uint64_t> stack_of(const Trace& trace, const RunResult& result, const DriverImage& image) {
  const std::uint64_t offset = offset_of_result(trace, result, image);
  std::vector<std::uint64_t> stack;
  for (const std::uint64_t address : result.stack) stack.push_back(address - 1);
  if (!stack.empty() && stack.front() - text_begin(image) == offset) return stack;
  if (offset == kNoPlace) return {};
  return {text_begin(image) + offset};
}

// ---- words

std::string rule_word(const RunResult& result) {
  switch (result.outcome) {
    case Outcome::clean: return "Clean";
    case Outcome::driver_bug:
      return result.finding ? std::string(rule_info(result.finding->rule).name) : std::string("BugCheck");
    case Outcome::not_emulated: return "NotEmulated";
    case Outcome::limit: return "Limit";
    case Outcome::emu_bug: return "EmuBug";
  }
  return "";
}

std::string verdict_word(const RunResult& result) {
  switch (result.outcome) {
    case Outcome::clean: return "";
    case Outcome::driver_bug: return rule_word(result);
    case Outcome::not_emulated:
    case Outcome::limit:
    case Outcome::emu_bug: return fmt::format("{}: {}", outcome_word(result.outcome), result.message);
  }
  return "";
}

std::string headline_of(const RunResult& result) {
  if (result.outcome == Outcome::driver_bug)
    return fmt::format("DRIVER BUG: {}: {}", rule_word(result), result.finding ? result.finding->message : result.message);
  if (result.outcome == Outcome::clean) return "clean";
  return fmt::format("{}: {}", outcome_word(result.outcome), result.message);
}

std::string token_of(const Report& report) {
  std::string token = report.rule;
  for (std::size_t i = 0; i < report.stack.size() && i < kTokenFrames; ++i) {
    const Frame& frame = report.stack[i];
    token += "--" + (frame.function.empty() ? module_offset(frame.address) : frame.function);
  }
  return token;
}

Place place_of(const Frame& frame) { return {frame.function, frame.file, frame.path, frame.line}; }

// ---- what the parts have in common

void fill_stack(Report& report, const std::vector<std::uint64_t>& addresses) {
  symbolize_all(addresses);
  for (const std::uint64_t address : addresses)
    for (const Frame& frame : symbolize(address))
      if (report.stack.size() < kMaxFrames) report.stack.push_back(frame);
}

// Where the driver's code made the object, or named it first; kNoSite: the kernel made it.
std::uint32_t first_site(const Trace& trace, ObjectId id) {
  const Object& object = trace.objects[id];
  if (object.site != kNoSite || object.event >= trace.events.size()) return object.site;
  const Event& first = trace.events[object.event];
  return first.object == id ? first.site : kNoSite;
}

void fill_objects(Report& report, const Trace& trace, const DriverImage& image) {
  std::set<ObjectId> named;
  const auto note = [&](const Step& step) {
    if (step.number < trace.events.size()) named.insert(trace.events[step.number].object);
  };
  std::for_each(report.involved.begin(), report.involved.end(), note);
  for (const ObjectId object : named) {
    const std::string label = object_label(trace, object);
    if (label.empty() || trace.objects[object].kind == OBJECT_Thread) continue;
    ObjectNote found{label, {}};
    const std::uint32_t site = first_site(trace, object);
    if (site != kNoSite) found.origin = place_of(symbolize(text_begin(image) + site - 1).front());
    report.objects.push_back(std::move(found));
  }
}

std::vector<std::string> source_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Excerpt excerpt_around(const Place& place, const std::vector<std::string>& source) {
  Excerpt excerpt{place.file, place.line, {}};
  const unsigned first = place.line > kExcerptRadius ? place.line - kExcerptRadius : 1;
  for (unsigned n = first; n <= place.line + kExcerptRadius && n <= source.size(); ++n)
    excerpt.lines.push_back({n, source[n - 1]});
  return excerpt;
}

void fill_excerpts(Report& report) {
  std::map<std::string, std::vector<std::string>> sources;
  std::set<std::pair<std::string, unsigned>> done;
  const auto add = [&](const Step& step) {
    const Place& place = step.place;
    if (place.line == 0 || !done.insert({place.file, place.line}).second) return;
    if (!sources.contains(place.path)) sources[place.path] = source_lines(place.path);
    if (auto excerpt = excerpt_around(place, sources[place.path]); !excerpt.lines.empty())
      report.excerpts.push_back(std::move(excerpt));
  };
  std::for_each(report.steps.begin(), report.steps.end(), add);
  std::for_each(report.involved.begin(), report.involved.end(), add);
}

// The access that AddressSanitizer stopped is no event: it becomes the last step.
void add_access(Report& report, const SanitizerFinding& finding, const Trace& trace) {
  Step step;
  step.number = static_cast<std::uint32_t>(trace.events.size());
  step.cpu = finding.cpu;
  step.thread_number = finding.thread;
  step.thread = thread_label(finding.thread);
  step.irql = finding.irql;
  step.text = finding.kind;
  if (!report.stack.empty()) step.place = place_of(report.stack.front());
  step.evidence = step.finding = true;
  report.involved.push_back(step);
  report.steps.push_back(std::move(step));
}

void fill_run(Report& report, const Trace& trace, const RunResult& result, const Scenario& scenario,
              const DriverImage& image, const SanitizerFinding* access = nullptr) {
  report.driver = image.name;
  report.cpus = scenario.cpus;
  report.stats = result.stats;
  report.scenario = to_text(explicit_scenario(scenario, result));
  fill_steps(report, trace, result, image);
  if (access) add_access(report, *access, trace);
  fill_objects(report, trace, image);
  fill_excerpts(report);
  report.dedup_token = token_of(report);
  report.reproduce = fmt::format("{} replay {} FILE", program_as_typed(), driver_argument());
}

}  // namespace

Scenario explicit_scenario(const Scenario& scenario, const RunResult& result) {
  Scenario single = scenario;
  single.driver = driver_profile().name;
  single.schedule = {StrategyId::directed, 0, 1, result.decisions, false};
  return single;
}

Verdict verdict_of(const Trace& trace, const RunResult& result, const DriverImage& image) {
  if (result.outcome == Outcome::clean) return {};
  return {result.outcome, verdict_word(result), offset_of_result(trace, result, image)};
}

std::string summary_of(const Verdict& verdict, const DriverImage& image) {
  if (verdict.outcome == Outcome::clean) return "";
  if (verdict.place == kNoPlace) return verdict.what;
  const std::uint64_t address = text_begin(image) + verdict.place;
  const Frame& frame = symbolize(address).front();
  if (frame.line == 0) return fmt::format("{} {}", verdict.what, module_offset(address));
  return fmt::format("{} {}:{} in {}", verdict.what, frame.file, frame.line, frame.function);
}

Report make_report(const Trace& trace, const RunResult& result, const Scenario& scenario, const DriverImage& image) {
  Report report;
  report.outcome = result.outcome;
  report.rule = rule_word(result);
  report.headline = headline_of(result);
  if (result.finding) {
    const RuleInfo& rule = rule_info(result.finding->rule);
    report.bug_check = bug_check_text(std::string(rule.bug_check));
    report.rule_sentence = rule.sentence;
    report.rule_title = rule.title;
  }
  fill_stack(report, stack_of(trace, result, image));
  fill_run(report, trace, result, scenario, image);
  report.summary = summary_of(verdict_of(trace, result, image), image);
  return report;
}

Report make_sanitizer_report(const SanitizerFinding& finding, const Trace& trace, const RunResult& result,
                             const Scenario& scenario, const DriverImage& image) {
  Report report;
  report.outcome = Outcome::driver_bug;
  report.sanitizer = true;
  report.rule = finding.kind;
  report.headline = fmt::format("DRIVER BUG: {}: found by AddressSanitizer", finding.kind);
  fill_stack(report, finding.stack);
  fill_run(report, trace, result, scenario, image, &finding);
  const std::uint64_t place = finding.stack.empty() ? kNoPlace : finding.stack.front() - text_begin(image);
  report.summary = summary_of({Outcome::driver_bug, finding.kind, place}, image);
  return report;
}

}  // namespace wdm
