// The driver's globals: saved once, put back before every run.
#pragma once

namespace wdm {

// Restores the driver's writable data to what it was when this was first called. AddressSanitizer's red zones between the
// globals are data like any other here.
void restore_driver_data();

}  // namespace wdm
