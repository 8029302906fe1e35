// The report for a terminal and for parsers: the first lines are what ClusterFuzz's stack parser reads, the last line
// is the key of the finding.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

#include "harness/report.h"

namespace wdm {

namespace {

constexpr std::size_t kLastSteps = 24;
constexpr std::size_t kLaneColumns = 112;  // of text, for all processors together
constexpr std::size_t kMinLane = 34, kMaxLane = 56;

std::string place_text(const Place& place) {
  if (place.line == 0) return "";
  return fmt::format("{}:{}", place.file, place.line);
}

std::string fit(std::string text, std::size_t width) {
  if (text.size() > width) text = text.substr(0, width - 2) + "..";
  return text + std::string(width - text.size(), ' ');
}

void put_stack(std::string& out, const Report& report) {
  for (std::size_t i = 0; i < report.stack.size(); ++i) {
    const Frame& f = report.stack[i];
    if (f.line == 0)
      out += fmt::format("    #{} {:#x} ({})\n", i, f.address, module_path_offset(f.address));
    else
      out += fmt::format("    #{} {:#x} in {} {}:{}:{}\n", i, f.address, f.function, f.file, f.line, f.column);
  }
}

void put_header(std::string& out, const Report& report, const Painter& paint) {
  if (!report.sanitizer)
    out += fmt::format("[wdm:{}(1)] ERROR: Check failed: FuzzerHash={}\n", report.driver, report.rule);
  out += "  " + paint.red(report.headline) + (report.sanitizer ? "; its report is above" : "") + "\n";
  if (!report.bug_check.empty()) out += fmt::format("  BUG CHECK {}\n", report.bug_check);
  if (report.sanitizer) return;
  put_stack(out, report);
  out += fmt::format("DEDUP_TOKEN: {}\n", report.dedup_token);
  out += paint.dim("  (here the stack ends; a parser that looks for \"previously allocated by\" stops)") + "\n";
}

void put_involved(std::string& out, const Report& report, const Painter& paint) {
  if (report.involved.empty()) return;
  std::size_t width = 0;
  for (const Step& s : report.involved) width = std::max(width, s.text.size());
  width = std::min<std::size_t>(width, 56);
  out += "\n";
  for (const Step& s : report.involved) {
    const std::string line = fmt::format("  step {:<5} cpu{} thread {:<3} irql {:<2} {}  {} {}", s.number, s.cpu, s.thread,
                                         s.irql, s.text + std::string(width > s.text.size() ? width - s.text.size() : 0, ' '),
                                         place_text(s.place), s.place.line ? s.place.function : "");
    out += (s.finding ? paint.bold(line) : line) + "\n";
  }
}

void put_objects(std::string& out, const Report& report) {
  for (const ObjectNote& object : report.objects) {
    out += fmt::format("  {:<10} ", object.label);
    out += object.origin.line ? fmt::format("first seen at {} in {}\n", place_text(object.origin), object.origin.function)
                              : "made by the kernel\n";
  }
}

std::vector<unsigned> processors_in(const Report& report, std::size_t first) {
  std::vector<unsigned> cpus;
  for (std::size_t i = first; i < report.steps.size(); ++i)
    if (std::find(cpus.begin(), cpus.end(), report.steps[i].cpu) == cpus.end()) cpus.push_back(report.steps[i].cpu);
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

std::string cell_text(const Step& step) {
  const std::string place = place_text(step.place);
  return fmt::format("{} {}{}{}", step.thread, step.text, place.empty() ? "" : "  ", place);
}

std::string lane_row(const Step& step, const std::vector<unsigned>& cpus, std::size_t width) {
  std::string row = fmt::format("  {:>6} {}", step.number, step.finding ? '*' : step.preempts ? '>' : ' ');
  for (const unsigned cpu : cpus) {
    const std::string cell = cpu == step.cpu ? cell_text(step) : "";
    row += " | " + (cpus.size() == 1 ? cell : fit(cell, width));
  }
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

void put_lanes(std::string& out, const Report& report, const Painter& paint) {
  if (report.steps.empty()) return;
  const std::size_t first = report.steps.size() > kLastSteps ? report.steps.size() - kLastSteps : 0;
  const auto cpus = processors_in(report, first);
  const std::size_t width = std::clamp(kLaneColumns / cpus.size(), kMinLane, kMaxLane);
  out += paint.bold("\n  last steps") + "  (> another thread was displaced here, * the finding)\n";
  std::string head = "         ";
  for (const unsigned cpu : cpus) head += " | " + fit(fmt::format("cpu{}", cpu), width);
  out += paint.dim(head.substr(0, head.find_last_not_of(' ') + 1)) + "\n";
  for (std::size_t i = first; i < report.steps.size(); ++i) {
    const std::string row = lane_row(report.steps[i], cpus, width);
    out += (report.steps[i].finding ? paint.red(row) : report.steps[i].preempts ? paint.yellow(row) : row) + "\n";
  }
}

void put_indented(std::string& out, const std::string& title, const std::string& text, const Painter& paint) {
  if (text.empty()) return;
  out += paint.bold("\n  " + title) + "\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += line.empty() ? "\n" : "    " + line + "\n";
}

void put_passed(std::string& out, const Report& report) {
  if (report.passed.empty()) return;
  out += "\n  passed over before, found by themselves elsewhere:\n";
  for (const std::string& summary : report.passed) out += "    " + summary + "\n";
}

void put_rule(std::string& out, const Report& report) {
  if (report.rule_sentence.empty()) return;
  out += fmt::format("\n  rule {}: {}\n", report.rule, report.rule_sentence);
  if (!report.rule_title.empty()) out += fmt::format("  documentation: \"{}\"\n", report.rule_title);
}

}  // namespace

std::string render_text(const Report& report, Colour colour) {
  const Painter paint(colour);
  std::string out;
  if (report.outcome == Outcome::clean) {
    out = fmt::format("clean: {} steps, {} switches, {} IRPs reached the driver\n", report.stats.steps,
                      report.stats.switches, report.stats.dispatched);
    put_indented(out, "driver output", report.driver_output, paint);
    return out;
  }
  put_header(out, report, paint);
  put_involved(out, report, paint);
  put_objects(out, report);
  put_lanes(out, report, paint);
  put_rule(out, report);
  put_passed(out, report);
  put_indented(out, "scenario", report.scenario, paint);
  put_indented(out, "driver output", report.driver_output, paint);
  out += fmt::format("\n  reproduce: {}\n", report.reproduce);
  out += paint.bold(fmt::format("SUMMARY: wdmfuzz: {}", report.summary)) + "\n";
  return out;
}

}  // namespace wdm
