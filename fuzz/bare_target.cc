// For engines that bring a main of their own (OSS-Fuzz, ClusterFuzzLite, AFL++, honggfuzz): what a driver's own executable
// does in its main has to be done when the engine asks the target to get ready.

#include <pthread.h>

#include "harness/report_crash.h"

// UndefinedBehaviorSanitizer's monitor interface, and the function with which every sanitizer ends the process after its
// report: it lets the engine keep the input.
extern "C" {
[[gnu::weak]] void __ubsan_get_current_report_data(const char** kind, const char** sentence, const char** file,
                                                   unsigned* line, unsigned* column, char** address);
}
[[gnu::weak]] void sanitizer_die() __asm__("_ZN11__sanitizer3DieEv");

namespace wdm {

namespace {

void watch() {
  CrashHooks hooks;
  hooks.under_engine = true;
  watch_for_crashes(std::move(hooks));
}

}  // namespace

}  // namespace wdm

// Called before UndefinedBehaviorSanitizer prints. Our report names the rule and the driver's frames, so it takes the place
// of one that has the emulator's frames, too.
extern "C" void __ubsan_on_report() {
  if (!__ubsan_get_current_report_data) return;
  const char *kind = "", *sentence = "", *file = "";
  unsigned line = 0, column = 0;
  char* address = nullptr;
  __ubsan_get_current_report_data(&kind, &sentence, &file, &line, &column, &address);
  wdm::report_undefined(kind, sentence);
  if (sanitizer_die) sanitizer_die();
  __builtin_trap();
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  wdm::watch();
  ::pthread_atfork(nullptr, nullptr, wdm::watch);  // a fork server's children inherit no timer
  return 0;
}
