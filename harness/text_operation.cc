// Reads an operation of the text form.

#include <algorithm>
#include <charconv>

#include "harness/text_read.h"
#include "harness/text_words.h"

namespace wdm::text {

namespace {

constexpr std::uint64_t kMax32 = 0xffffffff;
constexpr std::uint64_t kMax64 = ~std::uint64_t{0};

std::string all_words() {
  std::string words;
  for (unsigned i = 0; i < op_count(); ++i)
    words += fmt::format("{}{}", i ? ", " : "", op_word(static_cast<OpKind>(i)));
  return words;
}

OpKind take_kind(Line& line) {
  const std::string_view word = line.take("an operation");
  if (const auto kind = find_op(word)) return *kind;
  line.fail("unknown operation `{}`; known are {}", word, all_words());
}

// "T2", "h1": a letter and a number.
std::uint8_t take_lettered(Line& line, char letter, std::string_view what, unsigned high) {
  const std::string_view word = line.take(what);
  if (word.size() < 2 || word[0] != letter || !is_number(word.substr(1)))
    line.fail("expected {} ({}1 to {}{}), found `{}`", what, letter, letter, high, word);
  return static_cast<std::uint8_t>(line.number_in(word.substr(1), what, 1, high));
}

std::uint64_t take_duration(Line& line) {
  const std::string_view word = line.take("a duration like 10ms");
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const std::string_view unit = word.substr(digits);
  const auto number = [&](std::uint64_t most) { return line.number_in(word.substr(0, digits), "duration", 0, most); };
  if (digits == 0) line.fail("expected a duration like 10ms, found `{}`", word);
  for (const Unit& u : kUnits)
    if (u.word == unit) return number(limits::kMaxWait_100ns / u.ticks_100ns) * u.ticks_100ns;
  if (unit != "ns") line.fail("duration: `{}` needs one of the units s, ms, us, ns", word);
  const std::uint64_t ns = number(limits::kMaxWait_100ns * 100);
  if (ns % 100 != 0) line.fail("duration: `{}` is not a multiple of 100ns", word);
  return ns / 100;
}

void take_positional(Line& line, Operation& op, const OpFields& has) {
  if (has.handle) op.handle = take_lettered(line, 'h', "handle", limits::kMaxHandles);
  if (has.target) {
    if (!line.take_if("op")) line.fail("expected `op` and the number of an operation");
    op.target = static_cast<std::uint16_t>(line.take_number("operation", 1, limits::kMaxOperationId));
  }
  if (has.time) op.offset = take_duration(line);
  if (has.code && *has.code == 0) op.code = static_cast<std::uint32_t>(line.take_number("control code", 0, kMax32));
}

std::vector<std::uint8_t> bytes_of(const Line& line, std::string_view hex) {
  if (hex.size() % 2 != 0) line.fail("in: odd number of hexadecimal digits");
  if (hex.size() / 2 > limits::kMaxDataBytes)
    line.fail("in: {} bytes, at most {} are possible", hex.size() / 2, limits::kMaxDataBytes);
  std::vector<std::uint8_t> bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::string_view pair = hex.substr(2 * i, 2);
    const auto [end, error] = std::from_chars(pair.data(), pair.data() + 2, bytes[i], 16);
    if (error != std::errc() || end != pair.data() + 2) line.fail("in: expected hexadecimal bytes, found `{}`", pair);
  }
  return bytes;
}

std::uint8_t pointers_of(const Line& line, std::string_view word) {
  const auto found = std::find(std::begin(kPointers), std::end(kPointers), word);
  if (found == std::end(kPointers)) line.fail("pointers: expected {}, found `{}`", fmt::join(kPointers, ", "), word);
  return static_cast<std::uint8_t>(found - std::begin(kPointers));
}

std::uint8_t irql_of(const Line& line, std::string_view word) {
  const auto irql = line.number_in(word, "irql", 0, 2);
  if (irql == 1) line.fail("irql: expected 0 or 2, found `{}`", word);
  return static_cast<std::uint8_t>(irql);
}

// False when this kind of operation has no such key.
bool set_key(const Line& line, Operation& op, const OpFields& has, std::string_view key, std::string_view value) {
  const auto number = [&](std::uint64_t high) { return line.number_in(value, key, 0, high); };
  if (key == "device" && has.device) return op.device = static_cast<std::uint8_t>(number(255)), true;
  if (key == "minor" && has.minor) return op.minor = static_cast<std::uint8_t>(number(255)), true;
  if (key == "in" && has.data) return op.data = bytes_of(line, value), true;
  if (key == "out" && has.out) return op.out_size = static_cast<std::uint32_t>(number(limits::kMaxOutBytes)), true;
  if (key == "offset" && has.offset) return op.offset = number(kMax64), true;
  if (key == "irql" && has.irql) return op.irql = irql_of(line, value), true;
  if (key == "pointers" && has.pointers) return op.pointers = pointers_of(line, value), true;
  if (has.code && *has.code && key == has.code)
    return op.code = static_cast<std::uint32_t>(number(op.kind == OpKind::interrupt ? kInterruptLines - 1 : kMax32)), true;
  return false;
}

std::string known_keys(const OpFields& has) {
  std::vector<std::string> keys;
  if (has.code && *has.code) keys.push_back(fmt::format("{}=", has.code));
  if (has.device) keys.push_back("device=");
  if (has.minor) keys.push_back("minor=");
  if (has.data) keys.push_back("in=");
  if (has.out) keys.push_back("out=");
  if (has.offset) keys.push_back("offset=");
  if (has.irql) keys.push_back("irql=");
  if (has.pointers) keys.push_back("pointers=");
  if (has.cancelled) keys.push_back("cancelled");
  if (has.synchronous) keys.push_back("synchronous");
  return keys.empty() ? "no more" : fmt::format("{}", fmt::join(keys, ", "));
}

void take_key(Line& line, Operation& op, const OpFields& has, std::vector<std::string_view>& seen) {
  const std::string_view word = line.take("a key");
  const std::size_t equals = word.find('=');
  const std::string_view key = word.substr(0, equals);
  if (std::find(seen.begin(), seen.end(), key) != seen.end()) line.fail("`{}` is given twice", key);
  seen.push_back(key);
  const bool flag = equals == std::string_view::npos;
  if (flag && key == "cancelled" && has.cancelled) {
    op.cancelled = true;
    return;
  }
  if (flag && key == "synchronous" && has.synchronous) {
    op.synchronous = true;
    return;
  }
  if (flag || !set_key(line, op, has, key, word.substr(equals + 1)))
    line.fail("`{}` does not take `{}`; it takes {}", op_word(op.kind), word, known_keys(has));
}

}  // namespace

Operation read_operation(Line& line) {
  Operation op;
  op.thread = take_lettered(line, 'T', "thread", limits::kUserThreads);
  op.kind = take_kind(line);
  const OpFields& has = fields_of(op.kind);
  if (!has.handle) op.handle = 0;
  take_positional(line, op, has);
  std::vector<std::string_view> seen;
  while (!line.done()) take_key(line, op, has, seen);
  return op;
}

}  // namespace wdm::text
