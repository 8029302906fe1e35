#include "harness/report_words.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

namespace wdm {

namespace {

struct Word {
  std::uint32_t number;
  const char* name;
};

constexpr const char* kMajors[] = {
    "IRP_MJ_CREATE", "IRP_MJ_CREATE_NAMED_PIPE", "IRP_MJ_CLOSE", "IRP_MJ_READ", "IRP_MJ_WRITE",
    "IRP_MJ_QUERY_INFORMATION", "IRP_MJ_SET_INFORMATION", "IRP_MJ_QUERY_EA", "IRP_MJ_SET_EA", "IRP_MJ_FLUSH_BUFFERS",
    "IRP_MJ_QUERY_VOLUME_INFORMATION", "IRP_MJ_SET_VOLUME_INFORMATION", "IRP_MJ_DIRECTORY_CONTROL",
    "IRP_MJ_FILE_SYSTEM_CONTROL", "IRP_MJ_DEVICE_CONTROL", "IRP_MJ_INTERNAL_DEVICE_CONTROL", "IRP_MJ_SHUTDOWN",
    "IRP_MJ_LOCK_CONTROL", "IRP_MJ_CLEANUP", "IRP_MJ_CREATE_MAILSLOT", "IRP_MJ_QUERY_SECURITY", "IRP_MJ_SET_SECURITY",
    "IRP_MJ_POWER", "IRP_MJ_SYSTEM_CONTROL", "IRP_MJ_DEVICE_CHANGE", "IRP_MJ_QUERY_QUOTA", "IRP_MJ_SET_QUOTA",
    "IRP_MJ_PNP"};

constexpr Word kStatuses[] = {
    {0x00000000, "STATUS_SUCCESS"}, {0x00000102, "STATUS_TIMEOUT"}, {0x00000103, "STATUS_PENDING"},
    {0x40000000, "STATUS_OBJECT_NAME_EXISTS"}, {0x80000005, "STATUS_BUFFER_OVERFLOW"},
    {0x8000001A, "STATUS_NO_MORE_ENTRIES"}, {0xC0000001, "STATUS_UNSUCCESSFUL"}, {0xC0000002, "STATUS_NOT_IMPLEMENTED"},
    {0xC0000005, "STATUS_ACCESS_VIOLATION"}, {0xC0000008, "STATUS_INVALID_HANDLE"},
    {0xC000000D, "STATUS_INVALID_PARAMETER"}, {0xC000000E, "STATUS_NO_SUCH_DEVICE"},
    {0xC0000010, "STATUS_INVALID_DEVICE_REQUEST"}, {0xC0000011, "STATUS_END_OF_FILE"},
    {0xC0000016, "STATUS_MORE_PROCESSING_REQUIRED"}, {0xC0000022, "STATUS_ACCESS_DENIED"},
    {0xC0000023, "STATUS_BUFFER_TOO_SMALL"}, {0xC0000034, "STATUS_OBJECT_NAME_NOT_FOUND"},
    {0xC0000035, "STATUS_OBJECT_NAME_COLLISION"}, {0xC000009A, "STATUS_INSUFFICIENT_RESOURCES"},
    {0xC00000A3, "STATUS_DEVICE_NOT_READY"}, {0xC00000BB, "STATUS_NOT_SUPPORTED"}, {0xC0000120, "STATUS_CANCELLED"},
    {0xC0000056, "STATUS_DELETE_PENDING"}, {0xC000009D, "STATUS_DEVICE_NOT_CONNECTED"},
    {0xC0000184, "STATUS_INVALID_DEVICE_STATE"}, {0xC0000206, "STATUS_INVALID_BUFFER_SIZE"}};

constexpr Word kBugChecks[] = {
    {0x0A, "IRQL_NOT_LESS_OR_EQUAL"}, {0x0F, "SPIN_LOCK_ALREADY_OWNED"}, {0x10, "SPIN_LOCK_NOT_OWNED"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"}, {0x35, "NO_MORE_IRP_STACK_LOCATIONS"},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"}, {0x48, "CANCEL_STATE_IN_COMPLETED_IRP"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"}, {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"}, {0x9F, "DRIVER_POWER_STATE_FAILURE"},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC"}, {0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"}, {0xC1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION"},
    {0xC2, "BAD_POOL_CALLER"}, {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"}, {0xC5, "DRIVER_CORRUPTED_EXPOOL"},
    {0xC7, "TIMER_OR_DPC_INVALID"}, {0xC8, "IRQL_UNEXPECTED_VALUE"}, {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"},
    {0xCA, "PNP_DETECTED_FATAL_ERROR"}, {0xCB, "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS"},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"}, {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xD5, "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL"}, {0xE2, "MANUALLY_INITIATED_CRASH"},
    {0xE3, "RESOURCE_NOT_OWNED"}, {0xE6, "DRIVER_VERIFIER_DMA_VIOLATION"}, {0xEA, "THREAD_STUCK_IN_DEVICE_DRIVER"},
    {0x101, "CLOCK_WATCHDOG_TIMEOUT"}, {0x11B, "DRIVER_RETURNED_HOLDING_CANCEL_LOCK"}, {0x121, "DRIVER_VIOLATION"},
    {0x133, "DPC_WATCHDOG_VIOLATION"}, {0x139, "KERNEL_SECURITY_CHECK_FAILURE"}, {0x162, "KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE"}};

const char* find_word(const Word* begin, const Word* end, std::uint32_t number) {
  for (const Word* word = begin; word != end; ++word)
    if (word->number == number) return word->name;
  return nullptr;
}

}  // namespace

std::string major_function_name(std::uint64_t major) {
  return major < std::size(kMajors) ? kMajors[major] : fmt::format("IRP_MJ {:#x}", major);
}

std::string status_name(std::uint32_t status) {
  const char* const name = find_word(std::begin(kStatuses), std::end(kStatuses), status);
  return name ? name : fmt::format("0x{:08X}", status);
}

std::string bug_check_text(const std::string& code) {
  if (code.empty()) return "";
  const std::size_t comma = code.find(',');
  const std::string first = code.substr(0, comma);
  const auto number = static_cast<std::uint32_t>(std::strtoul(first.c_str(), nullptr, 16));
  const char* const name = find_word(std::begin(kBugChecks), std::end(kBugChecks), number);
  std::string text = first;
  if (name) text += std::string(" ") + name;
  if (comma != std::string::npos) text += " (" + code.substr(code.find_first_not_of(" ", comma + 1)) + ")";
  return text;
}

}  // namespace wdm
