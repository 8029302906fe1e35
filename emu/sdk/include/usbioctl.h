/* usbioctl.h of mingw-w64, with the port properties that Windows 8.1 and 10 added: bits of the same word. */
#pragma once
#define PortIsDebugCapable                                                                                       \
  PortIsDebugCapable : 1;                                                                                        \
  ULONG PortHasMultipleCompanions : 1;                                                                           \
  ULONG PortConnectorIsTypeC : 1;                                                                                \
  };                                                                                                             \
  struct {                                                                                                       \
    ULONG ReservedLow
#include_next <usbioctl.h>
#undef PortIsDebugCapable
