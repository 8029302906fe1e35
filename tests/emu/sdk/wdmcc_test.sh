#!/bin/bash
# What wdmcc does with good and bad input. Usage: wdmcc_test.sh [CLANG]
set -u
here=$(cd "$(dirname "$0")" && pwd)
wdmcc=$here/../../../emu/sdk/wdmcc
export WDMCC_CLANG=${1:-clang}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# expect CODE PATTERN ARGUMENTS...: wdmcc must end with CODE and print PATTERN (nothing, if empty).
expect() {
  local code=$1 pattern=$2 printed got
  shift 2
  printed=$("$wdmcc" "$@" 2>&1)
  got=$?
  if [[ $got != "$code" || ($pattern == '' && $printed != '') || ! $printed =~ $pattern ]]; then
    echo "FAILED: wdmcc $* -> $got"
    echo "$printed"
    failures=$((failures + 1))
  fi
}

check() { "$@" || { echo "FAILED: $*"; failures=$((failures + 1)); }; }

mkdir -p driver/Inc
cat > driver/main.c << 'EOF'
#include <NtDdk.h>
#include "INC\Shared.h"
#include "main.tmh"
#include "messages.h"
LONG Counter;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  Counter += SHARED + (MSG_HELLO != 0) + (KdDebuggerEnabled != 0);
  RtlInitUnicodeString(RegistryPath, L"x");
  return IoDeleteDevice(DriverObject->DeviceObject), (NTSTATUS)wcslen(L"abc");
}
EOF
echo '#define SHARED 3' > driver/Inc/shared.h
printf 'MessageId=1\r\nSymbolicName=MSG_HELLO\r\nLanguage=English\r\nHello.\r\n.\r\n\r\n' > driver/messages.mc
printf 'RtlInitUnicodeString\nwcslen=nt_wcslen\n' > emulated.txt
echo 'int x = ;' > broken.c
echo 'int x;' > empty.c

expect 0 '' -o driver.o --emulated emulated.txt --prefix my driver/main.c
check diff - driver.o.ddis << 'EOF'
missing IoDeleteDevice
missing KdDebuggerEnabled
emulated RtlInitUnicodeString
emulated wcslen
EOF
check test "$(nm --defined-only -g driver.o | awk '{ print $3 }')" = my_DriverEntry
check grep -q 'nt_wcslen' <(nm -u driver.o)
check grep -q ' wdm_missing_data ' <(objdump -hw driver.o)
expect 0 '' -o fine.o --fine driver/main.c
check grep -q '__sanitizer_cov_load4' <(nm -u fine.o)
expect 0 '' -o plain.o --coverage none driver/main.c
check test -z "$(nm -u plain.o | grep __sanitizer_cov)"
check test -n "$(nm -u driver.o | grep __asan_report)"
expect 0 '' -o plain.o --sanitize none driver/main.c
check test -z "$(nm -u plain.o | grep -E '__(asan|ubsan)_')"
expect 0 '' -o guards.o --coverage trace-pc-guard driver/main.c
check test "$(nm -u guards.o | grep -c '__sanitizer_cov_trace_pc_guard_init\|__sanitizer_cov_8bit_counters_init')" = 1
expect 0 '' -o undefined.o --sanitize signed-integer-overflow,unsigned-integer-overflow,function,vptr driver/main.c
check test "$(nm -u undefined.o | grep -o '__ubsan_handle_.*')" = __ubsan_handle_add_overflow_abort
expect 0 '' -o mapping.o --sanitize none --coverage none --profile driver/main.c
check test "$(objdump -hw mapping.o | grep -c ' __llvm_cov\(map\|fun\) \| __llvm_prf_cnts ')" = 3
cat > pageable.c << 'EOF'
#include <ntddk.h>
DRIVER_INITIALIZE DriverEntry;
VOID Pageable(VOID);
VOID Resident(VOID);
#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, Pageable)
#endif
static volatile int touched;
VOID Pageable(VOID) { touched = 1; }
VOID Resident(VOID) { touched = 2; }
NTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING p) { Pageable(); Resident(); return STATUS_SUCCESS; }
EOF
expect 0 '' -o pageable.o --sanitize none --coverage none pageable.c
check test "$(objdump -dr pageable.o | grep -c wdm_pageable_code)" = 1
check test "$(objdump -hw pageable.o | grep -c ' PAGE \| INIT ')" = 0
expect 0 '' -o layout.o --kernel "$here/layout_test.c" "$here/layout_test.cc"

# What only Microsoft's compiler takes.
cat > lax.c << 'EOF'
#include <ntddk.h>
typedef struct { PVOID Context; } OBJECT;
static void clear(PVOID *where) { *where = 0; }
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  OBJECT object = {DriverObject};
  ((ULONG_PTR) object.Context) |= 1;
  (((ULONG_PTR) object.Context)) &= ~(ULONG_PTR)1;
  clear(&((PVOID) RegistryPath));
  return sizeof OBJECT == sizeof object && ((ULONG_PTR) object.Context) == 0;
}
EOF
expect 0 '' -o lax.o lax.c
cat > lax.cpp << 'EOF'
#include <ntddk.h>
template <int N> struct Never {
  operator bool() { return N; }
  operator !() { return NOWHERE_DEFINED; }
};
struct Pool { LONG value; explicit Pool(LONG v) : value(v) {} };
extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) {
  Pool local(sizeof LONG);
  return local.value;
}
EOF
expect 0 '' -o lax.o lax.cpp
{ cat lax.cpp; echo 'extern LONG volatile Zero; Pool global(Zero); LONG volatile Zero;'; } > global.cpp
expect 2 'global\.cpp: a global object has a constructor; no run-time calls' -o x.o global.cpp

# What only Microsoft's compiler takes: one variable in two sources, an enumeration that nobody defines, PREFIX"text".
cat > shared.h << 'EOF'
#include <ntddk.h>
#include <ntstrsafe.h>
#define PREFIX L
PVOID SharedTable[4];
struct Uses { enum nowhere Status; ULONG After; };
EOF
cat > one.c << 'EOF'
#include "shared.h"
static_assert(FIELD_OFFSET(struct Uses, After) == 4, "an undefined enumeration is an int");
static_assert(sizeof(PREFIX"ab") == 6, "wide");
NTSTATUS Two(PWSTR Text);
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  SharedTable[0] = DriverObject;
  return RtlStringCchCopyW(RegistryPath->Buffer, 3, PREFIX"ab");
}
EOF
printf '#include "shared.h"\nNTSTATUS Two(PWSTR Text) { return RtlStringCbCopyW(Text, 8, SharedTable[0]); }\n' > two.c
expect 0 '' -o joined.o one.c two.c
check test "$(nm joined.o | grep -c " SharedTable$")" = 1

expect 2 'broken\.c:1:9: error' -o x.o broken.c
expect 2 'no DriverEntry in empty\.c' -o x.o empty.c
expect 2 'no such file: nowhere\.c' -o x.o nowhere.c
expect 2 'no output file' empty.c
expect 2 'no sources' -o x.o
expect 2 'unknown option --bogus' -o x.o --bogus empty.c
expect 2 'no such compiler' -o x.o --clang no-such-clang empty.c
check test ! -e x.o

((failures == 0)) && echo "wdmcc: all passed"
exit "$failures"
