// The dialect in C++: variable arguments, exceptions among initialised locals, globals, names the emulator lacks.
#include <Wdm.H>

#include "..\SDK\Probe.h"

static int global_counter = 7;
static int global_array[4];
static char global_zero[16];

static long long sum(const char *kinds, ...) {
  va_list list, copy;
  long long total = 0;
  va_start(list, kinds);
  va_copy(copy, list);
  for (const char *kind = kinds; *kind; ++kind) {
    switch (*kind) {
      case 'i': total += va_arg(list, int); break;
      case 'q': total += va_arg(list, LONGLONG); break;
      case 'p': total += *va_arg(list, int *); break;
      case 'd': total += static_cast<long long>(va_arg(list, double) * 2); break;
      case 'L': total += va_arg(list, LARGE_INTEGER).QuadPart; break;
      case 'U': total += va_arg(list, UNICODE_STRING).Length; break;
    }
  }
  va_end(list);
  if (*kinds == 'i') total += va_arg(copy, int);
  va_end(copy);
  return total;
}

static int print(char *out, int size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int length = probe_vprint(out, size, format, list);
  va_end(list);
  return length;
}

static long long variable_arguments(long long argument) {
  int pointed = 1000;
  LARGE_INTEGER large;
  large.QuadPart = 1LL << 40;
  UNICODE_STRING name = RTL_CONSTANT_STRING(L"four");
  return sum("iqpdiidLiUddddddddqi", 1, 1LL << 33, &pointed, 0.5, 2, 3, 1.5, large, 4, name, 1.0, 1.0, 1.0, 1.0, 1.0,
             1.0, 1.0, 1.0, -1LL, -5) + argument;
}

static long long printed_natively(long long argument) {
  char text[64];
  print(text, sizeof(text), "%d %s %.2f %llx %c %d %d %d %.1f", 1, "two", 3.0, 0x4444444444LL, '5', 6, 7, 8, 9.5);
  return text[argument];
}

static long long leave_past_initialised_locals(long long argument) {
  __try {
    if (argument == 1) __leave;
    int initialised = 5;
    probe_mark(initialised);
  } __finally {
    probe_mark(1);
  }
  return argument;
}

static long long count_up(long long argument) { return global_counter += static_cast<int>(argument); }

static long long overflow_global(long long argument) { return global_array[argument] + global_zero[0]; }

static long long overflow_stack(long long argument) {
  volatile char local[8] = {};
  return local[argument];
}

static long long call_missing(long long) {
  IoInvalidateDeviceState(nullptr);
  return 0;
}

static long long interlocked(long long argument) {
  LONG value = static_cast<LONG>(argument);
  PVOID pointer = &value;
  _InterlockedIncrement(&value);
  InterlockedExchangePointer(&pointer, NULL);
  return value + (pointer == NULL ? 100 : 0);
}

static long long wide_length(long long) { return static_cast<long long>(wcslen(L"12345")); }

static const probe probes[] = {
    {"variable_arguments", variable_arguments},
    {"printed_natively", printed_natively},
    {"leave_past_initialised_locals", leave_past_initialised_locals},
    {"count_up", count_up},
    {"overflow_global", overflow_global},
    {"overflow_stack", overflow_stack},
    {"call_missing", call_missing},
    {"interlocked", interlocked},
    {"wide_length", wide_length},
    {nullptr, nullptr},
};

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
  *reinterpret_cast<const probe **>(DriverObject) = probes;
  return STATUS_SUCCESS;
}
