// A text to a scenario: lines in any order after the first, lenient about blanks, comments and the order of keys.

#include "harness/text_read.h"

#include <algorithm>
#include <optional>

namespace wdm {

namespace {

using namespace text;

class Reader {
 public:
  void read(Line& line) {
    if (line.done()) return;
    if (!begun_) return begin(line);
    const std::string_view word = line.peek();
    if (is_number(word)) return operation(line);
    if (word == "at" || word == "hold" || word == "fail") return directive(line);
    line.take("");
    if (word == "driver") return once(driver_, line), set_text(scenario_.driver, line, "the driver's name");
    if (word == "expect") return once(expect_, line), set_text(scenario_.expect, line, "`clean` or a SUMMARY");
    if (word == "cpus") return once(cpus_, line), cpus(line);
    if (word == "client") return once(client_, line), client(line);
    if (word == "schedule") return once(schedule_, line), schedule(line);
    line.fail(
        "unknown word `{}`; expected an operation like `1: T1 open h1`, driver, cpus, client, schedule, at, hold, fail or "
        "expect",
        word);
  }

  Scenario finish() {
    if (!begun_) fail_at(1, "expected `wdmfuzz 1`");
    for (const Reference& reference : references_)
      if (!line_of(reference.id)) fail_at(reference.line, fmt::format("there is no operation {}", reference.id));
    make_canonical(scenario_);
    return std::move(scenario_);
  }

 private:
  struct Reference {
    std::uint32_t id;
    unsigned line;
  };

  void begin(Line& line) {
    if (!line.take_if("wdmfuzz")) line.fail("expected `wdmfuzz 1`, found `{}`", line.peek());
    const std::string_view version = line.take("version 1");
    if (version != "1") line.fail("this is version `{}`, only version 1 can be read", version);
    line.finish();
    begun_ = true;
  }

  static void once(std::optional<unsigned>& seen, const Line& line) {
    if (seen) line.fail("this stands in line {} already", *seen);
    seen = line.number();
  }

  static void set_text(std::string& text, const Line& line, std::string_view what) {
    text = line.rest();
    if (text.empty()) line.fail("expected {}, found the end of the line", what);
  }

  void cpus(Line& line) {
    scenario_.cpus = static_cast<std::uint8_t>(line.take_number("cpus", 1, limits::kMaxCpus));
    line.finish();
  }

  void client(Line& line) {
    const std::string_view word = line.take("driver or user");
    if (word != "driver" && word != "user") line.fail("expected driver or user, found `{}`", word);
    scenario_.above = word == "driver";
    line.finish();
  }

  void schedule(Line& line) {
    std::vector<Directive> directives = std::move(scenario_.schedule.directives);
    scenario_.schedule = read_schedule(line);
    scenario_.schedule.directives = std::move(directives);
  }

  std::optional<unsigned> line_of(std::uint32_t id) const {
    const auto& operations = scenario_.operations;
    const auto found = std::find_if(operations.begin(), operations.end(), [&](const auto& op) { return op.id == id; });
    if (found == operations.end()) return std::nullopt;
    return operation_lines_[static_cast<std::size_t>(found - operations.begin())];
  }

  void operation(Line& line) {
    std::string_view word = line.take("");
    if (word.ends_with(':'))
      word.remove_suffix(1);
    else if (!line.take_if(":"))
      line.fail("expected `:` after the operation's number `{}`", word);
    const auto id = line.number_in(word, "operation", 1, limits::kMaxOperationId);
    if (const auto other = line_of(static_cast<std::uint32_t>(id)))
      line.fail("operation {} stands in line {} already", id, *other);
    if (scenario_.operations.size() == limits::kMaxOperations)
      line.fail("more than {} operations", limits::kMaxOperations);
    scenario_.operations.push_back(read_operation(line));
    operation_lines_.push_back(line.number());
    Operation& op = scenario_.operations.back();
    op.id = static_cast<std::uint16_t>(id);
    if (fields_of(op.kind).target) references_.push_back({op.target, line.number()});
  }

  void directive(Line& line) {
    auto& directives = scenario_.schedule.directives;
    if (directives.size() == limits::kMaxDirectives) line.fail("more than {} directives", limits::kMaxDirectives);
    directives.push_back(read_directive(line));
    const Context& context = directives.back().context;
    if (directives.back().kind != Directive::Kind::hold && context.kind == Context::Kind::operation)
      references_.push_back({context.number, line.number()});
  }

  Scenario scenario_;
  bool begun_ = false;
  std::optional<unsigned> driver_, cpus_, client_, schedule_, expect_;  // lines
  std::vector<unsigned> operation_lines_;
  std::vector<Reference> references_;
};

}  // namespace

Scenario from_text(std::string_view text) {
  Reader reader;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    Line line(text.substr(0, end), number);
    reader.read(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.finish();
}

}  // namespace wdm
