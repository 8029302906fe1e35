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
// The same as a child, on this process's own stdin and stderr, and stdout too unless `output` takes it. The child gets
// SIGTERM when this process dies. Returns its exit code, or 128 + signal; 127 when it cannot be started.
int run_attached(const std::vector<std::string>& arguments, std::string* output = nullptr);
// In a forked child: this process gets `signal` when the process that forked it, `parent`, dies or has died already.
void die_with_parent(int parent, int signal);
// Full path of the first of these programs that is in PATH, "" when none is.
std::string find_program(const std::vector<std::string>& names);

}  // namespace wdm
