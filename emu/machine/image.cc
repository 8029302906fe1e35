#include "emu/machine/image.h"

#include <cstddef>
#include <cstdlib>

// The linker makes these for the sections into which the driver compiler puts data; absent without a driver.
extern "C" {
[[gnu::weak]] extern char __start_wdm_data[];
[[gnu::weak]] extern char __stop_wdm_data[];
[[gnu::weak]] extern char __start_wdm_bss[];
[[gnu::weak]] extern char __stop_wdm_bss[];
}

namespace wdm {

namespace {

// Not memcpy: AddressSanitizer's would refuse to touch the red zones.
void copy_raw(char* to, const char* from, std::size_t size) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

class Section {
 public:
  Section(char* begin, char* end)
      : begin_(begin), size_(static_cast<std::size_t>(end - begin)), saved_(static_cast<char*>(std::malloc(size_ + 1))) {
    copy_raw(saved_, begin_, size_);
  }
  void restore() const { copy_raw(begin_, saved_, size_); }

 private:
  char* begin_;
  std::size_t size_;
  char* saved_;
};

}  // namespace

void restore_driver_data() {
  static const Section data(__start_wdm_data, __stop_wdm_data);
  static const Section bss(__start_wdm_bss, __stop_wdm_bss);
  data.restore();
  bss.restore();
}

}  // namespace wdm
