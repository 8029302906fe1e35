/* Fills a caller's buffer as query routines do: fixed part first, then as much of the rest as there is room for. */
#ifndef WDMFUZZ_EMU_NT_OUT_BUFFER_H
#define WDMFUZZ_EMU_NT_OUT_BUFFER_H

#include "emu/nt/nt.h"

namespace nt {

class OutBuffer {
 public:
  OutBuffer(void* buffer, ULONG size) : buffer_((char*)buffer), size_(size) {}

  OutBuffer& put(const void* data, ULONG bytes) {
    const ULONG room = at_ < size_ ? size_ - at_ : 0;
    const ULONG fits = bytes < room ? bytes : room;
    if (fits) __builtin_memcpy(buffer_ + at_, data, fits);
    at_ += bytes;
    return *this;
  }
  OutBuffer& put_ulong(ULONG value) { return put(&value, sizeof value); }
  OutBuffer& put_u64(m_u64 value) { return put(&value, sizeof value); }
  OutBuffer& skip_to(ULONG offset) {
    const char zero = 0;
    while (at_ < offset) put(&zero, 1);
    return *this;
  }
  /* The fixed part ends here: without room for it nothing is of use. */
  void fixed() { fixed_ = at_; }
  /* Bytes the whole would take. */
  ULONG needed() const { return at_; }
  NTSTATUS status() const {
    if (size_ < fixed_) return STATUS_BUFFER_TOO_SMALL;
    return size_ < at_ ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
  }

 private:
  char* buffer_;
  ULONG size_;
  ULONG at_ = 0;
  ULONG fixed_ = 0;
};

}  // namespace nt

#endif
