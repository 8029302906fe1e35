// What the rules of remove locks share.
#pragma once

#include <optional>

#include "emu/rules/rule.h"

namespace wdm {

// What the dispatch routine was called for that acquired it; empty for another routine.
std::optional<DispatchCall> acquired_for(const Trace& trace, const RemoveHold& hold);
// Will nobody release it any more? The routine that acquired it has returned, and the IRP that it was acquired for is
// completed. Certain only when nothing can run any more.
bool is_forgotten(const Trace& trace, const RemoveHold& hold, const Ledger& ledger);
// For a Stuck event: the forgotten acquisition that IoReleaseRemoveLockAndWait waits for on that thread, null when it waits
// for something else or for somebody who has not come to releasing yet.
const RemoveHold* waits_for_forgotten(const Trace& trace, std::uint32_t index, const Ledger& ledger);

}  // namespace wdm
