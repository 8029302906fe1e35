// Colours of a terminal.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace wdm {

enum class Colour { off, on };

class Painter {
 public:
  explicit Painter(Colour colour) : on_(colour == Colour::on) {}
  std::string red(std::string_view text) const { return paint("1;31", text); }
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }
  std::string green(std::string_view text) const { return paint("32", text); }

 private:
  std::string paint(const char* code, std::string_view text) const {
    return on_ && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
  bool on_;
};

}  // namespace wdm
