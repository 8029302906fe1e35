// profile-inputs DIR LIST: runs the inputs whose file names stand in LIST, one a line, all schedules of each, and leaves the
// counts of the compiler's coverage in DIR/*.profraw. Not for people: `wdmfuzz coverage` makes the report of them.
//
// Findings are passed over where that is possible, as in a campaign that keeps going. An input that ends the process ends
// only a child: its counts are written by whoever ends it, and the next child goes on behind it.

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <sstream>
#include <vector>

#include "emu/machine/machine.h"
#include "harness/cli_scenario.h"
#include "harness/driver_info.h"
#include "harness/driver_verbs.h"
#include "harness/pass_over.h"
#include "harness/report_crash.h"
#include "harness/run.h"

extern "C" {
[[gnu::weak]] int __llvm_profile_write_file(void);
[[gnu::weak]] void __llvm_profile_set_filename(const char* name);
[[gnu::weak]] void __llvm_profile_reset_counters(void);
}

namespace wdm {

namespace {

struct Shared {
  std::size_t next;     // the first input that no child has begun
  std::size_t skipped;  // files that are no scenarios
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Not run(): a schedule with a finding is no reason to leave out the others.
void run_all_schedules(const Scenario& scenario) {
  set_running(&scenario);
  for (unsigned i = 0; i < scenario.schedule.runs; ++i) {
    run_once(driver_image(), scenario, i, {});
    if (!machine().had_choice()) return;
  }
}

[[noreturn]] void child(const std::vector<std::string>& files, const std::string& profile, Shared& shared) {
  std::freopen("/dev/null", "w", stdout);
  std::freopen("/dev/null", "w", stderr);
  __llvm_profile_set_filename(profile.c_str());
  __llvm_profile_reset_counters();
  CrashHooks hooks;
  hooks.deliver = [](const Verdict&, const Scenario&) {};
  watch_for_crashes(std::move(hooks));
  pass_over_everything();
  while (shared.next < files.size()) {
    const std::string& file = files[shared.next++];
    try {
      run_all_schedules(read_scenario(file, driver_profile()));
    } catch (const UserError&) {
      ++shared.skipped;
    }
  }
  __llvm_profile_write_file();
  ::_exit(0);
}

}  // namespace

int profile_inputs(const char* directory, const char* list) {
  if (!__llvm_profile_write_file || !__llvm_profile_set_filename || !__llvm_profile_reset_counters)
    throw UserError("profile-inputs: this executable has no coverage; use wdmfuzz coverage");
  const auto files = lines_of(read_text(list));
  auto& shared = *static_cast<Shared*>(
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  for (unsigned part = 0; part == 0 || shared.next < files.size(); ++part) {
    const std::size_t begun = shared.next;
    const pid_t pid = ::fork();
    if (pid == 0) child(files, fmt::format("{}/{}.profraw", directory, part), shared);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (shared.next == begun && begun < files.size()) throw UserError(files[begun] + ": cannot be run for coverage");
  }
  if (shared.skipped) fmt::print(stderr, "wdmfuzz: {} file{} left out: no scenario\n", shared.skipped, shared.skipped == 1 ? "" : "s");
  return kExitClean;
}

}  // namespace wdm
