#include "harness/text_line.h"

#include <charconv>

namespace wdm::text {

namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

Line::Line(std::string_view text, unsigned number) : text_(trimmed(text)), number_(number) {
  std::string_view rest = text_.substr(0, text_.find('#'));
  while (!(rest = trimmed(rest)).empty()) {
    const std::size_t end = std::min(rest.find_first_of(kBlanks), rest.size());
    words_.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
}

std::string_view Line::take(std::string_view expected) {
  if (done()) fail("expected {}, found the end of the line", expected);
  return words_[next_++];
}

bool Line::take_if(std::string_view word) {
  if (done() || words_[next_] != word) return false;
  ++next_;
  return true;
}

std::uint64_t Line::take_number(std::string_view what, std::uint64_t low, std::uint64_t high) {
  return number_in(take(what), what, low, high);
}

std::uint64_t Line::number_in(std::string_view word, std::string_view what, std::uint64_t low,
                              std::uint64_t high) const {
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  const std::string_view digits = hex ? word.substr(2) : word;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error == std::errc::result_out_of_range) fail("{}: `{}` is out of range, {} to {}", what, word, low, high);
  if (error != std::errc() || end != digits.data() + digits.size())
    fail("{}: expected a number, found `{}`", what, word);
  if (value < low || value > high) fail("{}: `{}` is out of range, {} to {}", what, word, low, high);
  return value;
}

void Line::finish() const {
  if (!done()) fail("expected the end of the line, found `{}`", peek());
}

std::string_view Line::rest() const {
  const std::size_t end = text_.find_first_of(kBlanks);
  return end == std::string_view::npos ? std::string_view() : trimmed(text_.substr(end));
}

bool is_number(std::string_view word) {
  return !word.empty() && word[0] >= '0' && word[0] <= '9';
}

}  // namespace wdm::text
