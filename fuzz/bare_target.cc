// For engines that bring a main of their own (OSS-Fuzz, ClusterFuzzLite, AFL++, honggfuzz): what a driver's own executable
// does in its main has to be done when the engine asks the target to get ready.

#include <pthread.h>

#include "harness/report_crash.h"

namespace wdm {

namespace {

void watch() {
  CrashHooks hooks;
  hooks.under_engine = true;
  watch_for_crashes(std::move(hooks));
}

}  // namespace

}  // namespace wdm

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  wdm::watch();
  ::pthread_atfork(nullptr, nullptr, wdm::watch);  // a fork server's children inherit no timer
  return 0;
}
