/* The part of the USB driver library that only looks at descriptors. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
#include <usb.h>
#include <usbdlib.h>
}
#include "emu/nt/nt.h"

namespace nt {
namespace {

/* The first descriptor of a type at or after `start`; null when there is none. A descriptor says how long it is, and must not
 * be shorter than its head. */
PUSB_COMMON_DESCRIPTOR find_descriptor(PVOID buffer, ULONG total, PVOID start, LONG type) {
  auto* const end = (m_u8*)buffer + total;
  for (auto* at = (m_u8*)start; at + sizeof(USB_COMMON_DESCRIPTOR) <= end;) {
    auto* common = (PUSB_COMMON_DESCRIPTOR)at;
    if (common->bLength < sizeof(USB_COMMON_DESCRIPTOR)) return nullptr;
    if (common->bDescriptorType == type) return common;
    at += common->bLength;
  }
  return nullptr;
}

/* -1 is any. */
bool fits(LONG wanted, UCHAR value) {
  return wanted == -1 || wanted == value;
}

}  // namespace
}  // namespace nt

extern "C" {

PUSB_COMMON_DESCRIPTOR NTAPI USBD_ParseDescriptors(PVOID DescriptorBuffer, ULONG TotalLength, PVOID StartPosition,
                                                   LONG DescriptorType) {
  DDI_ENTER(USBD_ParseDescriptors, nullptr);
  return nt::find_descriptor(DescriptorBuffer, TotalLength, StartPosition, DescriptorType);
}

PUSB_INTERFACE_DESCRIPTOR NTAPI USBD_ParseConfigurationDescriptorEx(
    PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor, PVOID StartPosition, LONG InterfaceNumber,
    LONG AlternateSetting, LONG InterfaceClass, LONG InterfaceSubClass, LONG InterfaceProtocol) {
  DDI_ENTER(USBD_ParseConfigurationDescriptorEx, nullptr);
  const ULONG total = ConfigurationDescriptor->wTotalLength;
  for (PVOID at = StartPosition;;) {
    auto* found = (PUSB_INTERFACE_DESCRIPTOR)nt::find_descriptor(ConfigurationDescriptor, total, at,
                                                                 USB_INTERFACE_DESCRIPTOR_TYPE);
    if (!found) return nullptr;
    if (nt::fits(InterfaceNumber, found->bInterfaceNumber) && nt::fits(AlternateSetting, found->bAlternateSetting) &&
        nt::fits(InterfaceClass, found->bInterfaceClass) && nt::fits(InterfaceSubClass, found->bInterfaceSubClass) &&
        nt::fits(InterfaceProtocol, found->bInterfaceProtocol))
      return found;
    at = (m_u8*)found + found->bLength;
  }
}

}  // extern "C"
