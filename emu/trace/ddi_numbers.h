/* Numbers of the DDIs as plain C enumerators, for both dialects: DDI_KeSetEvent. */
#ifndef WDMFUZZ_EMU_TRACE_DDI_NUMBERS_H
#define WDMFUZZ_EMU_TRACE_DDI_NUMBERS_H

#include "emu/trace/numbers.h"

enum ddi_number {
  ddi_before_first = DDI_None,
#define DDI(name, family, min_irql, max_irql, status, title) DDI_##name,
#include "emu/nt/ddis.def"
#undef DDI
  DDI_COUNT
};

#endif
