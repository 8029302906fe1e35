/* What a network redirector sends to the multiple UNC provider to register with it. */
#pragma once
#include <ntifs.h>

#define FSCTL_MUP_REGISTER_PROVIDER CTL_CODE(FILE_DEVICE_MULTI_UNC_PROVIDER, 1, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _MUP_PROVIDER_REGISTRATION_INFO {
  ULONG RedirectorDeviceNameOffset; /* in bytes from here */
  ULONG RedirectorDeviceNameLength; /* in bytes */
  ULONG Reserved[2];
  BOOLEAN MailslotsSupported;
} MUP_PROVIDER_REGISTRATION_INFO, *PMUP_PROVIDER_REGISTRATION_INFO;
