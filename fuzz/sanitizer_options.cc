// What the sanitizers of a driver's executable do unless the environment says otherwise.

// Runs are short, so a small quarantine catches what a large one would, without walking through fresh memory all the time.
// The driver's fibers hide pointers from leak detection, and a fake stack per fiber would cost a millisecond each.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1:handle_abort=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
         "allocator_release_to_os_interval_ms=-1:malloc_context_size=8:max_malloc_fill_size=256:"
         "exitcode=1:detect_odr_violation=0:print_legend=0";
}

extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1:print_summary=1"; }

// Environments that know nothing of fibers ask for leak detection; PoolLeak is the rule that finds a driver's leaks.
extern "C" int __lsan_is_turned_off() { return 1; }
