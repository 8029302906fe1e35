// The run as a page for a person: one column per processor, one row per step, held locks as bars beside the steps. The
// page needs nothing else: no network, no fonts, no library.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/report.h"

namespace wdm {

namespace {

constexpr unsigned kHues = 6;          // colours of locks, in order of appearance
constexpr unsigned kFirstRow = 2;      // of the grid that is a step; row 1 is the heading

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  return out;
}

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --bg: #fbfbfa; --fg: #1d1f23; --soft: #6a6f78; --line: #e3e4e6; --card: #ffffff;
  --bug: #c4291c; --bug-bg: #fdecea; --pre: #b26a00; --pre-bg: #fff5e1; --mark: #fff9c9;
  --h0: #2f6fde; --h1: #0d8a72; --h2: #9a4fd0; --h3: #c2641a; --h4: #b53a78; --h5: #5b7a1e; }
@media (prefers-color-scheme: dark) { :root { --bg: #15171a; --fg: #e6e7ea; --soft: #979da8; --line: #2b2f36; --card: #1c1f24;
  --bug: #ff7b6e; --bug-bg: #3a1b1a; --pre: #ffc15e; --pre-bg: #33280f; --mark: #34320f;
  --h0: #6ea2ff; --h1: #3fc9ae; --h2: #c48bf2; --h3: #f0995a; --h4: #f07ab2; --h5: #a9cf5c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1500px; margin: 0 auto; padding: 24px 20px 80px; }
code, pre, .grid, .place { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13px; }
h1 { font-size: 22px; margin: 0 0 4px; color: var(--bug); } h1.clean { color: var(--h1); }
h2 { font-size: 16px; margin: 32px 0 8px; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 12px 0; overflow-x: auto; }
.card pre { margin: 0; }
table { border-collapse: collapse; } td, th { padding: 2px 14px 2px 0; text-align: left; vertical-align: top; }
tr.bug td { color: var(--bug); font-weight: 600; }
a { color: inherit; text-decoration: underline dotted; cursor: pointer; }
.wrap { overflow: auto; max-height: 86vh; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.grid { position: relative; display: grid; align-items: stretch; min-width: max-content; }
.head { position: sticky; top: 0; z-index: 3; background: var(--card); border-bottom: 1px solid var(--line); padding: 8px 10px; font-weight: 600; }
.row { border-bottom: 1px solid var(--line); grid-column: 1 / -1; pointer-events: none; }
.row.bug { background: var(--bug-bg); } .row.evidence { background: var(--mark); } .row.pre { background: var(--pre-bg); }
.number { color: var(--soft); text-align: right; padding: 3px 10px; z-index: 1; }
.step { padding: 3px 10px; border: 0; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; z-index: 1;
  border-left: 1px solid var(--line); min-width: 320px; border-radius: 0; }
.step:hover, .step:focus-visible { outline: 2px solid var(--h0); outline-offset: -2px; }
.step .who { color: var(--soft); } .step .place { color: var(--soft); float: right; padding-left: 18px; }
.step.bug { color: var(--bug); font-weight: 600; }
.step .flag { color: var(--pre); font-weight: 600; }
.irql { display: inline-block; min-width: 16px; padding: 0 4px; border-radius: 4px; background: var(--line); color: var(--fg); text-align: center; }
.irql.i2 { background: var(--h0); color: var(--card); } .irql.i1 { background: var(--h5); color: var(--card); } .irql.high { background: var(--bug); color: var(--card); }
.empty { border-left: 1px solid var(--line); }
.lock { width: 8px; margin: 3px 3px; border-radius: 4px; background: var(--hue); z-index: 2; }
.legend span { display: inline-block; margin-right: 16px; } .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--hue); margin-right: 5px; }
#source { position: fixed; right: 16px; bottom: 16px; max-width: min(760px, 92vw); max-height: 45vh; overflow: auto; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 6px 24px #0005; padding: 10px 14px; z-index: 10; }
#source[hidden] { display: none; } #source header { display: flex; justify-content: space-between; gap: 20px; margin-bottom: 6px; }
#source .here { background: var(--mark); font-weight: 600; } #source .n { color: var(--soft); user-select: none; }
#source button { border: 0; background: none; color: var(--soft); font: inherit; cursor: pointer; }
)css";

// Hover shows the source of a step, a click keeps it there; arrow keys walk along the steps.
constexpr std::string_view kScript = R"js(
const box = document.getElementById('source'), body = box.querySelector('pre'), title = box.querySelector('b');
const steps = [...document.querySelectorAll('.step')];
let kept = null;
function show(step) {
  const source = document.getElementById(step.dataset.source);
  box.hidden = !source;
  if (!source) return;
  title.textContent = step.dataset.title;
  body.innerHTML = source.innerHTML;
}
function keep(step) { kept = step; show(step); }
function close() { kept = null; box.hidden = true; }
for (const step of steps) {
  step.addEventListener('mouseenter', () => show(step));
  step.addEventListener('mouseleave', () => kept ? show(kept) : box.hidden = true);
  step.addEventListener('click', () => keep(step));
}
box.querySelector('button').addEventListener('click', close);
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') return close();
  const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (!move || !kept) return;
  const next = steps[steps.indexOf(kept) + move];
  if (!next) return;
  event.preventDefault();
  next.scrollIntoView({block: 'nearest'});
  next.focus({preventScroll: true});
  keep(next);
});
const bug = document.querySelector('.step.bug'), wrap = document.querySelector('.wrap');
if (bug) {
  wrap.scrollTop = bug.offsetTop - wrap.clientHeight / 2;
  keep(bug);
}
for (const link of document.querySelectorAll('a[data-step]')) link.addEventListener('click', () => {
  const step = document.getElementById(link.dataset.step);
  step.scrollIntoView({block: 'center', behavior: 'smooth'});
  keep(step);
});
)js";

std::string place_text(const Place& place) {
  return place.line ? fmt::format("{}:{}", place.file, place.line) : "";
}

std::string source_id(const std::string& file, unsigned line) { return fmt::format("source-{}-{}", escaped(file), line); }

// ---- columns of the grid: the step's number, then for each processor its steps and the bars of its locks

class Columns {
 public:
  explicit Columns(const Report& report) {
    for (const Step& step : report.steps) lanes_[step.cpu];
    for (const LockSpan& span : report.locks) lanes_[span.cpu] = std::max(lanes_[span.cpu], span.lane + 1);
    unsigned next = 2;
    for (const auto& [cpu, lanes] : lanes_) {
      first_[cpu] = next;
      next += 1 + lanes;
    }
  }
  std::string widths() const {
    std::string text = "max-content";
    for (const auto& [cpu, lanes] : lanes_) {
      text += " minmax(320px, 1fr)";
      for (unsigned i = 0; i < lanes; ++i) text += " 14px";
    }
    return text;
  }
  unsigned of_steps(unsigned cpu) const { return first_.at(cpu); }
  unsigned of_lock(const LockSpan& span) const { return first_.at(span.cpu) + 1 + span.lane; }
  unsigned lanes(unsigned cpu) const { return lanes_.at(cpu); }
  const std::map<unsigned, unsigned>& processors() const { return lanes_; }

 private:
  std::map<unsigned, unsigned> lanes_, first_;
};

std::map<std::string, unsigned> lock_hues(const Report& report) {
  std::map<std::string, unsigned> hues;
  for (const LockSpan& span : report.locks) hues.try_emplace(span.label, static_cast<unsigned>(hues.size()) % kHues);
  return hues;
}

std::string irql_class(unsigned irql) { return irql > 2 ? "high" : fmt::format("i{}", irql); }

const char* row_class(const Step& step) {
  if (step.finding) return "row bug";
  if (step.evidence) return "row evidence";
  return step.preempts ? "row pre" : "row";
}

void put_step(std::string& out, const Step& step, std::size_t row, const Columns& columns) {
  out += fmt::format("<div class=\"{}\" style=\"grid-row:{}\"></div>\n", row_class(step), row);
  out += fmt::format("<div class=\"number\" style=\"grid-row:{};grid-column:1\">{}</div>\n", row, step.number);
  for (const auto& [cpu, lanes] : columns.processors())
    if (cpu != step.cpu)
      out += fmt::format("<div class=\"empty\" style=\"grid-row:{};grid-column:{}\"></div>\n", row, columns.of_steps(cpu));
  out += fmt::format(
      "<button class=\"step{}\" id=\"step-{}\" style=\"grid-row:{};grid-column:{}\" data-source=\"{}\" data-title=\"{}\">",
      step.finding ? " bug" : "", step.number, row, columns.of_steps(step.cpu), source_id(step.place.file, step.place.line),
      escaped(fmt::format("{} {}", place_text(step.place), step.place.function)));
  out += fmt::format("<span class=\"place\">{}</span>", escaped(place_text(step.place)));
  out += fmt::format("<span class=\"irql {}\" title=\"IRQL\">{}</span> ", irql_class(step.irql), step.irql);
  out += fmt::format("<span class=\"who\" title=\"{}\">{}</span> ", escaped(step.context), step.thread);
  if (step.preempts) out += "<span class=\"flag\" title=\"another thread was displaced here\">&#8677;</span> ";
  out += escaped(step.text) + "</button>\n";
}

void put_locks(std::string& out, const Report& report, const Columns& columns) {
  const auto hues = lock_hues(report);
  for (const LockSpan& span : report.locks)
    out += fmt::format("<div class=\"lock\" title=\"{} held\" style=\"--hue:var(--h{});grid-row:{} / {};grid-column:{}\"></div>\n",
                       escaped(span.label), hues.at(span.label), span.first + kFirstRow, span.last + kFirstRow + 1,
                       columns.of_lock(span));
}

void put_grid(std::string& out, const Report& report) {
  const Columns columns(report);
  out += "<div class=\"wrap\"><div class=\"grid\" style=\"grid-template-columns:" + columns.widths() + "\">\n";
  out += "<div class=\"head\" style=\"grid-row:1;grid-column:1\">step</div>\n";
  for (const auto& [cpu, lanes] : columns.processors())
    out += fmt::format("<div class=\"head\" style=\"grid-row:1;grid-column:{} / span {}\">cpu{}</div>\n",
                       columns.of_steps(cpu), 1 + lanes, cpu);
  for (std::size_t i = 0; i < report.steps.size(); ++i) put_step(out, report.steps[i], i + kFirstRow, columns);
  put_locks(out, report, columns);
  out += "</div></div>\n";
}

void put_legend(std::string& out, const Report& report) {
  out += "<p class=\"legend soft\">";
  for (const auto& [label, hue] : lock_hues(report))
    out += fmt::format("<span><i style=\"--hue:var(--h{})\"></i>{} held</span>", hue, escaped(label));
  out += "<span>number in a box: IRQL</span><span>&#8677; another thread was displaced here</span>"
         "<span>hover or click: source line; arrow keys: next step</span></p>\n";
}

// ---- the parts above and below

void put_title(std::string& out, const Report& report) {
  out += fmt::format("<h1{}>{}</h1>\n", report.outcome == Outcome::clean ? " class=\"clean\"" : "", escaped(report.headline));
  out += fmt::format("<div class=\"soft\">driver {}, {} processor{}", escaped(report.driver), report.cpus,
                     report.cpus == 1 ? "" : "s");
  if (report.stats.steps)
    out += fmt::format(", {} scheduling points, {} switches, {} of them preemptions", report.stats.steps,
                       report.stats.switches, report.stats.preemptions);
  out += "</div>\n";
  if (!report.bug_check.empty()) out += fmt::format("<p>Windows would stop with bug check <code>{}</code></p>\n", escaped(report.bug_check));
  if (!report.rule_sentence.empty()) out += fmt::format("<p>{}</p>\n", escaped(report.rule_sentence));
  if (!report.rule_title.empty()) out += fmt::format("<p class=\"soft\">documentation: &ldquo;{}&rdquo;</p>\n", escaped(report.rule_title));
}

void put_involved(std::string& out, const Report& report) {
  if (report.involved.empty()) return;
  out += "<h2>What happened</h2><div class=\"card\"><table>\n";
  out += "<tr class=\"soft\"><th>step</th><th>cpu</th><th>thread</th><th>IRQL</th><th></th><th></th></tr>\n";
  for (const Step& step : report.involved)
    out += fmt::format("<tr{}><td><a data-step=\"step-{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
                       "<td class=\"place\">{} {}</td></tr>\n",
                       step.finding ? " class=\"bug\"" : "", step.number, step.number, step.cpu, step.thread, step.irql,
                       escaped(step.text), escaped(place_text(step.place)), escaped(step.place.function));
  out += "</table></div>\n";
}

void put_stack(std::string& out, const Report& report) {
  if (report.stack.empty()) return;
  out += "<h2>Driver's stack</h2><div class=\"card\"><pre>";
  for (std::size_t i = 0; i < report.stack.size(); ++i) {
    const Frame& frame = report.stack[i];
    out += fmt::format("#{} {}  {}\n", i, escaped(frame.function),
                       frame.line ? escaped(fmt::format("{}:{}:{}", frame.file, frame.line, frame.column)) : "");
  }
  out += "</pre></div>\n";
}

void put_block(std::string& out, const char* title, const std::string& text) {
  if (!text.empty()) out += fmt::format("<h2>{}</h2><div class=\"card\"><pre>{}</pre></div>\n", title, escaped(text));
}

void put_excerpts(std::string& out, const Report& report) {
  for (const Excerpt& excerpt : report.excerpts) {
    out += fmt::format("<template id=\"{}\">", source_id(excerpt.file, excerpt.line));
    for (const SourceLine& line : excerpt.lines)
      out += fmt::format("<span class=\"{}\"><span class=\"n\">{:>5}  </span>{}</span>\n",
                         line.number == excerpt.line ? "here" : "", line.number, escaped(line.text));
    out += "</template>\n";
  }
}

}  // namespace

std::string render_html(const Report& report) {
  std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += fmt::format("<title>{}</title>\n<style>{}</style></head><body><main>\n",
                     escaped(report.summary.empty() ? report.driver : report.summary), kStyle);
  put_title(out, report);
  put_involved(out, report);
  out += "<h2>Timeline</h2>\n";
  put_legend(out, report);
  put_grid(out, report);
  put_stack(out, report);
  put_block(out, "Scenario", report.scenario);
  put_block(out, "Driver output", report.driver_output);
  put_block(out, "Reproduce", report.outcome == Outcome::clean ? "" : report.reproduce);
  out += "</main>\n<div id=\"source\" hidden><header><b></b><button title=\"close (Escape)\">close</button></header><pre></pre></div>\n";
  put_excerpts(out, report);
  out += fmt::format("<script>{}</script>\n</body></html>\n", kScript);
  return out;
}

}  // namespace wdm
