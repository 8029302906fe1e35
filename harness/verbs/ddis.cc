// wdmfuzz ddis: what is emulated, and at which IRQL it may be called.

#include <fmt/format.h>

#include "emu/trace/ddi_numbers.h"
#include "emu/trace/trace.h"
#include "harness/verbs/verbs.h"

namespace wdm {

namespace {

constexpr unsigned kAnyIrql = 31;

std::string irql_range(const DdiInfo& ddi) {
  if (ddi.max_irql >= kAnyIrql) return ddi.min_irql ? fmt::format(">= {}", ddi.min_irql) : "any";
  if (ddi.min_irql == ddi.max_irql) return fmt::format("{}", ddi.min_irql);
  return ddi.min_irql ? fmt::format("{} to {}", ddi.min_irql, ddi.max_irql) : fmt::format("<= {}", ddi.max_irql);
}

std::string plain(const DdiInfo& ddi) {
  return fmt::format("{:<44} {:<18} IRQL {:<8} {}\n", ddi.name, ddi.family, irql_range(ddi), ddi.status);
}

std::string row(const DdiInfo& ddi) {
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", ddi.name, ddi.family, irql_range(ddi), ddi.status, ddi.title);
}

}  // namespace

int verb_ddis(const Options& options) {
  std::string text;
  if (options.markdown) text = "| DDI | family | IRQL | emulated | documentation |\n|---|---|---|---|---|\n";
  for (std::uint16_t i = DDI_None + 1; i < DDI_COUNT; ++i)
    text += options.markdown ? row(ddi_info(i)) : plain(ddi_info(i));
  write_output(options, text);
  return kExitClean;
}

}  // namespace wdm
