/* Sections without a file, or with a file that is only read, and the views of them. A view lies in user memory; a section's
 * views show the same bytes, at the same address. */
#include "emu/nt/handle.h"
#include "emu/nt/memory_file.h"
#include "emu/nt/nt_families.h"
#include "emu/nt/thread.h"

namespace nt {
namespace {

constexpr m_u64 kPage = 0x1000;
constexpr m_u64 kLargest = 1 << 20; /* of what can be mapped */

struct Section {
  m_u64 size;
  bool read_only;
  char* pages; /* where the views lie; null: there is none */
  char* saved; /* what the pages held when the last view went; null: zeros */
  LONG views;
};

struct View {
  View* next;
  Section* section;
  char* base;
};

View* views;

void destroy(void* object) {
  auto* section = (Section*)object;
  if (section->saved) mach_pool_free(section->saved, 0, nullptr);
}

m_u64 pages_of(m_u64 size) {
  return (size + kPage - 1) / kPage * kPage;
}

char* memory_for(m_u64 size) {
  return (char*)mach_pool_alloc(pages_of(size), 'tceS', MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
}

/* The file's bytes, as they are now. */
NTSTATUS read_file(HANDLE handle, Section* section) {
  ObjectKind kind = ObjectKind::none;
  const auto* file = (const FILE_OBJECT*)object_from_handle(handle, KernelMode, &kind);
  if (!file) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::file) return STATUS_OBJECT_TYPE_MISMATCH;
  if (!is_memory_file(file)) return STATUS_INVALID_FILE_FOR_SECTION;
  const m_u64 bytes = memory_file_size(file);
  if (!section->size) section->size = bytes;
  if (!section->size) return STATUS_MAPPED_FILE_SIZE_ZERO;
  if (section->size > bytes) return STATUS_SECTION_TOO_BIG;
  if (section->size > kLargest) return STATUS_SUCCESS; /* it cannot be mapped anyway */
  section->saved = memory_for(section->size);
  memory_file_read(file, section->saved, (ULONG)section->size);
  return STATUS_SUCCESS;
}

NTSTATUS create(PHANDLE handle, POBJECT_ATTRIBUTES attributes, const LARGE_INTEGER* maximum, ULONG allocation, HANDLE file) {
  if (allocation & SEC_IMAGE) mach_not_emulated("ZwCreateSection with SEC_IMAGE");
  if (!file && (!maximum || maximum->QuadPart <= 0)) return STATUS_INVALID_PARAMETER_4;
  PUNICODE_STRING name = attributes ? attributes->ObjectName : nullptr;
  ObjectKind kind;
  const ULONG flags = attributes ? attributes->Attributes : 0;
  if (void* known = name ? find_named_object(name, &kind) : nullptr) {
    if (kind != ObjectKind::section) return STATUS_OBJECT_TYPE_MISMATCH;
    if (!(flags & OBJ_OPENIF)) return STATUS_OBJECT_NAME_COLLISION;
    reference_object(known, nullptr);
    *handle = handle_with_attributes(known, ObjectKind::section, flags);
    return STATUS_OBJECT_NAME_EXISTS;
  }
  auto* section = (Section*)make_object(sizeof(Section), ObjectKind::section, destroy);
  section->size = maximum ? maximum->QuadPart : 0;
  section->read_only = file != nullptr;
  const NTSTATUS status = file ? read_file(file, section) : STATUS_SUCCESS;
  if (!NT_SUCCESS(status)) {
    dereference_object(section, nullptr);
    return status;
  }
  if (name) name_object(section, name);
  *handle = handle_with_attributes(section, ObjectKind::section, flags);
  return STATUS_SUCCESS;
}

NTSTATUS open(PHANDLE handle, POBJECT_ATTRIBUTES attributes) {
  if (!attributes || !attributes->ObjectName) return STATUS_OBJECT_PATH_SYNTAX_BAD;
  constexpr WCHAR kPhysical[] = L"\\Device\\PhysicalMemory";
  const UNICODE_STRING physical = {sizeof kPhysical - sizeof(WCHAR), sizeof kPhysical, (PWSTR)kPhysical};
  if (RtlEqualUnicodeString(attributes->ObjectName, &physical, TRUE)) mach_not_emulated("\\Device\\PhysicalMemory");
  ObjectKind kind = ObjectKind::none;
  void* object = find_named_object(attributes->ObjectName, &kind);
  if (!object) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (kind != ObjectKind::section) return STATUS_OBJECT_TYPE_MISMATCH;
  reference_object(object, nullptr);
  *handle = handle_with_attributes(object, ObjectKind::section, attributes->Attributes);
  return STATUS_SUCCESS;
}

NTSTATUS require_current_process(HANDLE process, const char* otherwise) {
  ObjectKind kind = ObjectKind::none;
  void* object = object_from_handle(process, KernelMode, &kind);
  if (!object) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::process) return STATUS_OBJECT_TYPE_MISMATCH;
  if (object != current_thread()->process) mach_not_emulated(otherwise);
  return STATUS_SUCCESS;
}

bool bring_in(Section* section) {
  if (section->pages) return true;
  section->pages = (char*)mach_user_pages(pages_of(section->size));
  if (!section->pages) return false;
  if (section->saved) __builtin_memcpy(mach_user_alias(section->pages), section->saved, section->size);
  return true;
}

/* Offset and size are rounded, and given back as they are then. */
NTSTATUS map(HANDLE handle, HANDLE process, PVOID* base, LARGE_INTEGER* offset, PSIZE_T size, ULONG protection) {
  ObjectKind kind = ObjectKind::none;
  auto* section = (Section*)object_from_handle(handle, KernelMode, &kind);
  if (!section) return STATUS_INVALID_HANDLE;
  if (kind != ObjectKind::section) return STATUS_OBJECT_TYPE_MISMATCH;
  const NTSTATUS wrong = require_current_process(process, "ZwMapViewOfSection into another process");
  if (!NT_SUCCESS(wrong)) return wrong;
  if (*base) mach_not_emulated("ZwMapViewOfSection at an address of the caller's choice");
  if (section->read_only && protection != PAGE_READONLY && protection != PAGE_EXECUTE_READ && protection != PAGE_WRITECOPY)
    mach_not_emulated("ZwMapViewOfSection of a file for writing");
  const m_u64 start = offset ? (m_u64)offset->QuadPart & ~0xffffull : 0; /* down to the allocation granularity */
  const m_u64 rounded_off = offset ? (m_u64)offset->QuadPart - start : 0;
  if (start >= section->size) return STATUS_INVALID_VIEW_SIZE;
  const m_u64 bytes = *size ? pages_of(*size + rounded_off) : pages_of(section->size - start);
  if (bytes < *size || bytes > pages_of(section->size - start)) return STATUS_INVALID_VIEW_SIZE;
  if (mach_choose(CHOICE_MapFails, 2) || section->size > kLargest || !bring_in(section)) return STATUS_NO_MEMORY;
  auto* view = (View*)mach_pool_alloc(sizeof(View), 0, MACH_POOL_KERNEL | MACH_POOL_ZERO, nullptr);
  *view = {views, section, section->pages + start};
  views = view;
  ++section->views;
  reference_object(section, nullptr);
  *base = view->base;
  *size = bytes;
  if (offset) offset->QuadPart = (LONGLONG)start;
  return STATUS_SUCCESS;
}

void last_view_went(Section* section) {
  if (section->saved) mach_pool_free(section->saved, 0, nullptr);
  section->saved = memory_for(section->size);
  __builtin_memcpy(section->saved, mach_user_alias(section->pages), section->size);
  mach_user_unmap(section->pages);
  section->pages = nullptr;
}

NTSTATUS unmap(HANDLE process, const void* address) {
  const NTSTATUS wrong = require_current_process(process, "ZwUnmapViewOfSection in another process");
  if (!NT_SUCCESS(wrong)) return wrong;
  for (View** at = &views; *at; at = &(*at)->next) {
    View* view = *at;
    const auto* byte = (const char*)address;
    if (byte < view->base || byte >= view->section->pages + pages_of(view->section->size)) continue;
    *at = view->next;
    if (--view->section->views == 0) last_view_went(view->section);
    dereference_object(view->section, nullptr);
    return STATUS_SUCCESS;
  }
  return STATUS_NOT_MAPPED_VIEW;
}

}  // namespace

void reset_section() {
  views = nullptr;
}

}  // namespace nt

extern "C" {

NTSYSAPI NTSTATUS NTAPI ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes,
                                        PLARGE_INTEGER MaximumSize, ULONG, ULONG AllocationAttributes,
                                        HANDLE FileHandle) {
  DDI_ENTER(ZwCreateSection, nullptr);
  if (nt::out_of_resources()) return STATUS_INSUFFICIENT_RESOURCES;
  return nt::create(SectionHandle, ObjectAttributes, MaximumSize, AllocationAttributes, FileHandle);
}

NTSYSAPI NTSTATUS NTAPI ZwOpenSection(PHANDLE SectionHandle, ACCESS_MASK, POBJECT_ATTRIBUTES ObjectAttributes) {
  DDI_ENTER(ZwOpenSection, nullptr);
  return nt::open(SectionHandle, ObjectAttributes);
}

NTSYSAPI NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID* BaseAddress, ULONG_PTR, SIZE_T,
                                           PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize, SECTION_INHERIT, ULONG,
                                           ULONG Protect) {
  DDI_ENTER(ZwMapViewOfSection, nullptr);
  return nt::map(SectionHandle, ProcessHandle, BaseAddress, SectionOffset, ViewSize, Protect);
}

NTSYSAPI NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress) {
  DDI_ENTER(ZwUnmapViewOfSection, nullptr);
  return nt::unmap(ProcessHandle, BaseAddress);
}

}  // extern "C"
