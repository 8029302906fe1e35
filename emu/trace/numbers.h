/* Numbers of the .def tables as plain C enumerators, for both dialects. */
#ifndef WDMFUZZ_EMU_TRACE_NUMBERS_H
#define WDMFUZZ_EMU_TRACE_NUMBERS_H

enum event_number {
#define EVENT(name, text) EVENT_##name,
#include "emu/trace/events.def"
#undef EVENT
  EVENT_COUNT
};

enum callback_number {
#define CALLBACK(name, text) CALLBACK_##name,
#include "emu/trace/callbacks.def"
#undef CALLBACK
  CALLBACK_COUNT
};

enum object_number {
#define OBJECT(name, label) OBJECT_##name,
#include "emu/trace/objects.def"
#undef OBJECT
  OBJECT_COUNT
};

enum choice_number {
#define CHOICE(name, nature, text) CHOICE_##name,
#include "emu/trace/choices.def"
#undef CHOICE
  CHOICE_COUNT
};

/* ObjectFreed: how the memory went, and what it is still used for. */
enum { FREED_Memory = 0, FREED_Frame = 1, FREED_Image = 2 };
enum { FREED_Unknown = 0, FREED_Waited = 1, FREED_Queued = 2, FREED_Kept = 3, FREED_Used = 4, FREED_Holding = 5 };

/* What IrpSetCompletion or-s in its arg. */
enum : unsigned long long { kCompletionSet = 1, kCompletionEx = 2, kCompletionFailed = 4, kCompletionForeign = 8 };
/* Or-ed to the arg of IrpCreate. */
enum : unsigned long long { kEventOnStack = 256 };

/* No DDI; the others stand in ddi_numbers.h, which few files need, so that a new DDI does not compile everything anew. */
enum { DDI_None = 0 };

#endif
