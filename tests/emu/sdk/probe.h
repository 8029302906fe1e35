/*
 * What sdk_test.cc calls in the probe drivers. Both dialects read this file, so: fixed-width types only.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

struct probe {
  const char *name;
  long long (*run)(long long argument);
};

/* Notes that the probe passed a place; the test compares the digits. Provided by sdk_test.cc. */
void probe_mark(int place);

/* Prints into `out` as native vsnprintf does. Provided by sdk_test.cc. */
int probe_vprint(char *out, int size, const char *format, void *arguments);

#ifdef __cplusplus
}
#endif
