// One line of a text scenario, read word by word. Every mistake is a ScenarioError that begins with the line's number.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario.h"

namespace wdm::text {

[[noreturn]] inline void fail_at(unsigned line, std::string_view what) {
  throw ScenarioError(fmt::format("line {}: {}", line, what));
}

class Line {
 public:
  // Words are separated by blanks; # and what follows is a comment.
  Line(std::string_view text, unsigned number);

  unsigned number() const { return number_; }
  bool done() const { return next_ == words_.size(); }
  // The next word, "" at the end.
  std::string_view peek() const { return done() ? std::string_view() : words_[next_]; }
  // Takes the next word; `expected` says what it should have been when the line ends here.
  std::string_view take(std::string_view expected);
  // Takes the next word when it is this one.
  bool take_if(std::string_view word);
  // A number in [low, high], decimal or 0x, taken as a word of its own ...
  std::uint64_t take_number(std::string_view what, std::uint64_t low, std::uint64_t high);
  // ... or given, for example what follows an "h".
  std::uint64_t number_in(std::string_view word, std::string_view what, std::uint64_t low, std::uint64_t high) const;
  // Requires the end of the line.
  void finish() const;
  // Everything after the first word as it stands, without blanks at both ends and without regard to comments.
  std::string_view rest() const;

  template <class... Arguments>
  [[noreturn]] void fail(fmt::format_string<Arguments...> form, Arguments&&... arguments) const {
    fail_at(number_, fmt::format(form, std::forward<Arguments>(arguments)...));
  }

 private:
  std::string_view text_;
  unsigned number_;
  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
};

// Is the word a number?
bool is_number(std::string_view word);

}  // namespace wdm::text
