/*
 * Variable arguments. Sources are compiled for Windows but the object is a Linux one, so arguments arrive as the
 * System V ABI passes them: the list is that ABI's 24-byte record, and can be handed on to native functions as it is.
 */
#ifndef WDM_STDARG_H
#define WDM_STDARG_H
#define _INC_VADEFS
#define _VA_LIST_DEFINED
#define __GNUC_VA_LIST

typedef struct wdm_va_record {
  unsigned int gp_offset; /* next integer register in `registers`, 48 when all six are used */
  unsigned int fp_offset; /* next vector register, 176 when all eight are used */
  char *overflow;         /* next argument passed on the stack */
  char *registers;
} va_list[1];
typedef va_list __gnuc_va_list;

#ifdef __cplusplus
extern "C" {
#endif

/* Address of the next argument that travels as an integer or pointer (or, `floating`, as a double). */
static __inline__ __attribute__((unused)) void *wdm_va_next(struct wdm_va_record *list, int floating) {
  unsigned int *offset = floating ? &list->fp_offset : &list->gp_offset;
  if (*offset < (floating ? 176u : 48u)) {
    char *slot = list->registers + *offset;
    *offset += floating ? 16 : 8;
    return slot;
  }
  char *slot = list->overflow;
  list->overflow += 8;
  return slot;
}

/* As above for any type: what does not fit a register is passed by reference, as Windows does. */
static __inline__ __attribute__((unused)) void *wdm_va_argument(struct wdm_va_record *list, unsigned long long size,
                                                                int floating) {
  void *slot = wdm_va_next(list, floating);
  int by_value = size == 1 || size == 2 || size == 4 || size == 8;
  return by_value ? slot : *(void **)slot;
}

#ifdef __cplusplus
}
#define WDM_VA_FLOATING(type) (__is_same(type, double) || __is_same(type, float))
#else
#define WDM_VA_FLOATING(type) \
  (__builtin_types_compatible_p(type, double) || __builtin_types_compatible_p(type, float))
#endif

#define va_start(list, last) __builtin_va_start(*(__builtin_va_list *)(list), last)
#define va_arg(list, type) (*(__typeof__(type) *)wdm_va_argument((list), sizeof(type), WDM_VA_FLOATING(type)))
#define va_copy(to, from) ((void)(*(to) = *(from)))
#define va_end(list) ((void)(list))
#define __va_copy va_copy
#define _crt_va_start va_start
#define _crt_va_arg va_arg
#define _crt_va_copy va_copy
#define _crt_va_end va_end

#endif
