/* Debug output of ReactOS drivers; says nothing here. */
#pragma once

#define DPRINT(...) ((void)0)
#define DPRINT1(...) ((void)0)
#define UNIMPLEMENTED ((void)0)
#define UNIMPLEMENTED_ONCE ((void)0)
#define ERR_(...) ((void)0)
#define WARN_(...) ((void)0)
#define TRACE_(...) ((void)0)
#define INFO_(...) ((void)0)
#define CPRINT(...) ((void)0)
