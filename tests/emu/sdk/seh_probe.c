/* Structured exceptions as drivers write them. Each function is one case; its marks tell which way control went. */
#include <ntddk.h>

#include "probe.h"

static void raise_from_below(void) {
  probe_mark(8);
  ExRaiseStatus(STATUS_UNSUCCESSFUL);
}

static long long no_exception(long long argument) {
  __try {
    probe_mark(1);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    probe_mark(2);
  }
  probe_mark(3);
  return argument;
}

static long long handler_sees_code_and_locals(long long argument) {
  long long local = argument;
  __try {
    local += 1;
    raise_from_below();
    local += 100;
  } __except (GetExceptionCode() == STATUS_UNSUCCESSFUL ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
    probe_mark(2);
    if (GetExceptionCode() != STATUS_UNSUCCESSFUL) return -1;
  }
  return local;
}

static long long search_goes_outwards(long long argument) {
  try {
    try {
      ExRaiseStatus(STATUS_INVALID_PARAMETER);
    } except (GetExceptionCode() == STATUS_UNSUCCESSFUL) {
      probe_mark(1);
    }
    probe_mark(2);
  } except (EXCEPTION_EXECUTE_HANDLER) {
    probe_mark(3);
    argument = (ULONG)GetExceptionCode();
  }
  return argument;
}

static long long information(long long argument) {
  /* Only the filter may look at the record. */
  PEXCEPTION_RECORD record;
  __try {
    ExRaiseAccessViolation();
  } __except (record = GetExceptionInformation()->ExceptionRecord,
              argument = record->ExceptionCode == STATUS_ACCESS_VIOLATION && record->ExceptionAddress != NULL,
              EXCEPTION_EXECUTE_HANDLER) {
  }
  return argument;
}

static long long finally_after_normal_end(long long argument) {
  __try {
    probe_mark(1);
  } __finally {
    probe_mark(AbnormalTermination() ? 9 : 2);
  }
  probe_mark(3);
  return argument;
}

static long long finally_on_return(long long argument) {
  char buffer[100];
  RtlFillMemory(buffer, sizeof(buffer), 1);
  __try {
    if (argument) return argument + buffer[99];
    probe_mark(1);
  } __finally {
    RtlFillMemory(buffer, sizeof(buffer), 5);
    probe_mark(AbnormalTermination() ? 2 : 3);
  }
  return buffer[0];
}

static long long finally_in_loop(long long argument) {
  long long i;
  for (i = 0; i < argument; ++i) {
    __try {
      if (i == 1) continue;
      if (i == 3) break;
      probe_mark(1);
    } __finally {
      probe_mark(2);
    }
    probe_mark(3);
  }
  return i;
}

static long long except_in_loop(long long argument) {
  long long i;
  for (i = 0; i < argument; ++i) {
    __try {
      if (i == 1) continue;
      if (i == 3) break;
      if (i == 2) raise_from_below();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      probe_mark(4);
      continue;
    }
    probe_mark(3);
  }
  return i;
}

static long long leave_ends_the_body(long long argument) {
  __try {
    while (TRUE) {
      switch (argument) {
        case 1:
          __leave;
        default:
          --argument;
      }
    }
  } __finally {
    probe_mark(AbnormalTermination() ? 9 : 1);
  }
  probe_mark(2);
  return argument;
}

static long long goto_out(long long argument) {
  __try {
    if (argument) goto out;
    probe_mark(1);
  } __finally {
    probe_mark(2);
  }
  probe_mark(3);
out:
  probe_mark(4);
  return argument;
}

static long long raise_through_finally(long long argument) {
  __try {
    __try {
      raise_from_below();
    } __finally {
      probe_mark(AbnormalTermination() ? 1 : 9);
    }
    probe_mark(2);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    probe_mark(3);
  }
  return argument;
}

static long long raise_in_handler(long long argument) {
  __try {
    __try {
      ExRaiseStatus(1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      probe_mark(1);
      ExRaiseStatus(GetExceptionCode() + 1);
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return GetExceptionCode();
  }
  return argument;
}

static long long return_from_nested(long long argument) {
  __try {
    __try {
      __try {
        return argument;
      } __finally {
        probe_mark(1);
      }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      probe_mark(9);
    }
  } __finally {
    probe_mark(2);
  }
  return 0;
}

/* A body that moves the stack pointer, next to locals that need alignment. */
static long long finally_with_alloca(long long argument) {
  __declspec(align(64)) char aligned[64];
  char *moving = NULL;
  long long sum = 0;
  aligned[5] = 1;
  __try {
    moving = (char *)_alloca(1000 + argument);
    RtlFillMemory(moving, 1000 + argument, 2);
    if (argument) return ((ULONG_PTR)aligned & 63) == 0;
  } __finally {
    for (long long i = 0; i < 1000 + argument; ++i) sum += moving[i];
    probe_mark(sum == 2 * (1000 + argument) && aligned[5] == 1 ? 1 : 9);
  }
  return 0;
}

static long long reactos_spelling(long long argument) {
  NTSTATUS status = STATUS_SUCCESS;
  _SEH2_TRY
  {
    _SEH2_TRY { raise_from_below(); }
    _SEH2_FINALLY { probe_mark(1); }
    _SEH2_END;
  }
  _SEH2_EXCEPT(EXCEPTION_EXECUTE_HANDLER)
  {
    status = _SEH2_GetExceptionCode();
    _SEH2_YIELD(return status;)
  }
  _SEH2_END;
  return argument;
}

static long long function_name_joins_strings(long long argument) {
  const char *text = "<" __FUNCTION__ ">";
  return argument + text[1] + (text[sizeof("<" __FUNCTION__ ">") - 2] == '>');
}

static long long unhandled(long long argument) {
  __try {
    ExRaiseStatus((NTSTATUS)argument);
  } __except (EXCEPTION_CONTINUE_SEARCH) {
    probe_mark(9);
  }
  return argument;
}

static const struct probe probes[] = {
    {"no_exception", no_exception},
    {"handler_sees_code_and_locals", handler_sees_code_and_locals},
    {"search_goes_outwards", search_goes_outwards},
    {"information", information},
    {"finally_after_normal_end", finally_after_normal_end},
    {"finally_on_return", finally_on_return},
    {"finally_in_loop", finally_in_loop},
    {"except_in_loop", except_in_loop},
    {"leave_ends_the_body", leave_ends_the_body},
    {"goto_out", goto_out},
    {"raise_through_finally", raise_through_finally},
    {"raise_in_handler", raise_in_handler},
    {"return_from_nested", return_from_nested},
    {"finally_with_alloca", finally_with_alloca},
    {"reactos_spelling", reactos_spelling},
    {"function_name_joins_strings", function_name_joins_strings},
    {"unhandled", unhandled},
    {NULL, NULL},
};

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  *(const struct probe **)DriverObject = probes;
  return STATUS_SUCCESS;
}
