// Child processes.
#pragma once

#include <string>
#include <vector>

namespace wdm {

struct ProcessResult {
  int exit = 0;        // exit code, or 128 + signal
  std::string output;  // stdout
  std::string errors;  // stderr
};

// Runs a program found through PATH with `input` on its stdin, and waits for it. exit 127: it cannot be started.
ProcessResult run_process(const std::vector<std::string>& arguments, const std::string& input = {});
// Replaces this process. Returns only when the program cannot be started.
void replace_process(const std::vector<std::string>& arguments);
// Full path of the first of these programs that is in PATH, "" when none is.
std::string find_program(const std::vector<std::string>& names);

}  // namespace wdm
