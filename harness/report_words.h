// Names for the numbers of Windows that reports show.
#pragma once

#include <cstdint>
#include <string>

namespace wdm {

// "IRP_MJ_READ"
std::string major_function_name(std::uint64_t major);
// "STATUS_PENDING", or "0xC0000010"
std::string status_name(std::uint32_t status);
// "0xC4, 0x00040009" -> "0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION (0x00040009)"
std::string bug_check_text(const std::string& code);

}  // namespace wdm
