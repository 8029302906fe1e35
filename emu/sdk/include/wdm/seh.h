/*
 * Structured exceptions. `wdmcc` rewrites, in preprocessed source,
 *
 *     __try { A } __except (F) { B }          __try { A } __finally { B }
 *
 * into a block that owns a frame on the thread's exception chain:
 *
 *     { struct wdm_seh_frame f CLEANUP(wdm_seh_leave);       { struct wdm_seh_frame f CLEANUP(wdm_seh_unwind);
 *       wdm_seh_enter(&f);                                     wdm_seh_enter(&f);
 *       if (!wdm_setjmp(&f)) { { A } wdm_seh_leave(&f); }      if (!wdm_setjmp(&f)) { { A } wdm_seh_complete(&f); }
 *       else if (wdm_seh_filter(&f, F)) { B } }                { B } wdm_seh_end_finally(&f); }
 *
 * No loop and no switch is involved, so the driver's own break, continue, return and goto keep their meaning; leaving A
 * by any of them runs B of a __finally through the cleanup. A raise resumes at the innermost frame's wdm_setjmp.
 * Difference to Windows: inner __finally blocks run before an outer filter is evaluated, not after it.
 */
#pragma once

struct _EXCEPTION_POINTERS;
struct _EXCEPTION_RECORD;
struct _CONTEXT;
struct _DISPATCHER_CONTEXT;

#define EXCEPTION_DISPOSITION int
#define ExceptionContinueExecution 0
#define ExceptionContinueSearch 1
#define ExceptionNestedException 2
#define ExceptionCollidedUnwind 3
#define ExceptionExecuteHandler 4

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define GetExceptionCode _exception_code
#define exception_code _exception_code
#define GetExceptionInformation _exception_info
#define exception_info _exception_info
#define AbnormalTermination _abnormal_termination
#define abnormal_termination _abnormal_termination

#ifndef __cplusplus
#define try __try
#define except __except
#define finally __finally
#define leave __leave
#endif

enum wdm_seh_state { WDM_SEH_ACTIVE = 1, WDM_SEH_COMPLETE, WDM_SEH_LEAVING, WDM_SEH_RAISED, WDM_SEH_DONE };

struct wdm_seh_frame {
  unsigned long long resume[8]; /* callee-saved registers, stack pointer, address: where a raise continues */
  unsigned long long back[8];   /* where a __finally that runs on the way out returns to */
  struct wdm_seh_frame *outer;
  unsigned long state;          /* enum wdm_seh_state */
  int abnormal;                 /* what AbnormalTermination() answers */
  unsigned long long record[20]; /* an EXCEPTION_RECORD */
  void *pointers[2];             /* an EXCEPTION_POINTERS */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Puts `frame` on this thread's chain. */
void wdm_seh_enter(struct wdm_seh_frame *frame);

/* Takes `frame` off the chain if it is still there. */
void wdm_seh_leave(struct wdm_seh_frame *frame);

/* End of a __try body that ran to its end: off the chain, the __finally block comes next. */
void wdm_seh_complete(struct wdm_seh_frame *frame);

/* Scope exit of a __try/__finally: runs the __finally block if the body was left half-way. */
void wdm_seh_unwind(struct wdm_seh_frame *frame);

/* End of a __finally block: goes on with whatever led there (fall through, leaving the scope, a raise). */
void wdm_seh_end_finally(struct wdm_seh_frame *frame);

/* True if the filter's `verdict` is to execute the handler; raises again when it is to continue the search. */
int wdm_seh_filter(struct wdm_seh_frame *frame, int verdict);

/* Raises: unwinds to the innermost frame of this thread, or ends the run if there is none. */
__attribute__((noreturn)) void wdm_seh_raise(unsigned int code, unsigned long long address, unsigned int count,
                                             const unsigned long long *information);

__attribute__((returns_twice)) int wdm_setjmp(struct wdm_seh_frame *frame);

#ifdef __cplusplus
}
#endif
