// Which devices are attached to others: those of function and filter drivers, unlike the physical ones of bus drivers.
#pragma once

#include <algorithm>
#include <vector>

#include "emu/rules/ddi_set.h"

namespace wdm {

// Fed with DdiEnter events. A call that fails counts, too: its device is deleted then.
class AttachedDevices {
 public:
  static bool attaches(std::uint16_t ddi) {
    static const DdiSet ddis = {"IoAttachDevice", "IoAttachDeviceToDeviceStack", "IoAttachDeviceToDeviceStackSafe"};
    return ddis.contains(ddi);
  }
  void clear() { devices_.clear(); }
  void note(const Event& event) {
    if (attaches(event.ddi)) devices_.push_back(event.object);
  }
  bool contains(ObjectId device) const { return device != 0 && std::ranges::find(devices_, device) != devices_.end(); }

 private:
  std::vector<ObjectId> devices_;
};

}  // namespace wdm
