/* Requests of a USB function driver that need no handle from an earlier one: everything on the default pipe. */
extern "C" {
#include <ntifs.h>
#include <ntddk.h>
#include <usb.h>
#include <usbioctl.h>
}
#include "emu/nt/usb_client.h"

namespace nt {
namespace {

constexpr ULONG kMicrosoftsFunctions = 0x800; /* control codes below are not the drivers' own */
constexpr ULONG kArgumentBytes = 512;

void* zeroed(SIZE_T size) {
  return mach_pool_alloc(size, 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

/* The bytes of the scenario, one after the other, then zeros. */
struct Bytes {
  const m_u8* data;
  ULONG size;
  m_u8 next() { return size ? (--size, *data++) : (m_u8)0; }
  USHORT next16() {
    const m_u8 low = next();
    return (USHORT)(low | next() << 8);
  }
};

void fill_descriptor(struct _URB_CONTROL_DESCRIPTOR_REQUEST& request, Bytes& bytes) {
  request.Hdr.Length = sizeof request;
  request.Hdr.Function = URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE;
  request.DescriptorType = (UCHAR)(1 + bytes.next() % 3); /* device, configuration, string */
  request.Index = bytes.next();
  request.LanguageId = 0x409;
}

void fill_vendor_or_class(struct _URB_CONTROL_VENDOR_OR_CLASS_REQUEST& request, Bytes& bytes) {
  static const USHORT functions[] = {URB_FUNCTION_VENDOR_DEVICE, URB_FUNCTION_VENDOR_INTERFACE, URB_FUNCTION_CLASS_DEVICE,
                                     URB_FUNCTION_CLASS_INTERFACE};
  request.Hdr.Length = sizeof request;
  request.Hdr.Function = functions[bytes.next() % 4];
  request.TransferFlags = bytes.next() & 1 ? USBD_TRANSFER_DIRECTION_IN | USBD_SHORT_TRANSFER_OK : USBD_TRANSFER_DIRECTION_OUT;
  request.Request = bytes.next();
  request.Value = bytes.next16();
  request.Index = bytes.next16();
}

void fill_status(struct _URB_CONTROL_GET_STATUS_REQUEST& request) {
  request.Hdr.Length = sizeof request;
  request.Hdr.Function = URB_FUNCTION_GET_STATUS_FROM_DEVICE;
}

PURB make_urb(Bytes bytes, ULONG transfer_size, void** transfer) {
  auto* urb = (PURB)zeroed(sizeof(URB));
  const m_u8 kind = bytes.next() % 4;
  if (kind == 2) {
    fill_status(urb->UrbControlGetStatusRequest);
    transfer_size = 2;
  } else if (kind == 3) {
    fill_vendor_or_class(urb->UrbControlVendorClassRequest, bytes);
  } else {
    fill_descriptor(urb->UrbControlDescriptorRequest, bytes);
    if (transfer_size < sizeof(USB_DEVICE_DESCRIPTOR)) transfer_size = sizeof(USB_DEVICE_DESCRIPTOR);
  }
  /* Length and buffer lie at the same place in all three. */
  if (transfer_size) *transfer = zeroed(transfer_size);
  urb->UrbControlDescriptorRequest.TransferBufferLength = transfer_size;
  urb->UrbControlDescriptorRequest.TransferBuffer = *transfer;
  return urb;
}

}  // namespace

bool usb_is_internal_control(ULONG code) {
  return DEVICE_TYPE_FROM_CTL_CODE(code) == FILE_DEVICE_USB && METHOD_FROM_CTL_CODE(code) == METHOD_NEITHER &&
         (code >> 2 & 0xfff) < kMicrosoftsFunctions;
}

void* usb_make_argument(ULONG code, const m_u8* data, ULONG data_size, ULONG transfer_size, void** transfer) {
  *transfer = nullptr;
  if (code == IOCTL_INTERNAL_USB_SUBMIT_URB) return make_urb({data, data_size}, transfer_size, transfer);
  auto* argument = (m_u8*)zeroed(kArgumentBytes + data_size);
  if (data_size) __builtin_memcpy(argument, data, data_size);
  return argument;
}

}  // namespace nt
