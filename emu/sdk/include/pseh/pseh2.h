/* ReactOS spells structured exceptions as macros. */
#pragma once
#include <excpt.h>

#define _SEH2_TRY __try
#define _SEH2_EXCEPT(...) __except (__VA_ARGS__)
#define _SEH2_FINALLY __finally
#define _SEH2_END
#define _SEH2_LEAVE __leave
#define _SEH2_YIELD(...) __VA_ARGS__
#define _SEH2_VOLATILE volatile
#define _SEH2_GetExceptionCode() _exception_code()
#define _SEH2_GetExceptionInformation() _exception_info()
#define _SEH2_AbnormalTermination() _abnormal_termination()
