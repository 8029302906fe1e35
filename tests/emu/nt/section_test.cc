#include "tests/emu/nt/check.h"

namespace {

NTSTATUS create(const WCHAR* name, LONGLONG size, HANDLE* section) {
  UNICODE_STRING text;
  RtlInitUnicodeString(&text, name);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, name ? &text : nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  LARGE_INTEGER maximum;
  maximum.QuadPart = size;
  return ZwCreateSection(section, SECTION_ALL_ACCESS, &attributes, &maximum, PAGE_READWRITE, SEC_COMMIT, nullptr);
}

NTSTATUS map(HANDLE section, char** base, SIZE_T* size) {
  *base = nullptr;
  return ZwMapViewOfSection(section, NtCurrentProcess(), (PVOID*)base, 0, 0, nullptr, size, ViewUnmap, 0, PAGE_READWRITE);
}

}  // namespace

TEST(section_views_share) {
  HANDLE section, same;
  CHECK(create(L"\\BaseNamedObjects\\Shared", 5000, &section) == STATUS_SUCCESS);
  CHECK(create(L"\\BaseNamedObjects\\shared", 5000, &same) == STATUS_OBJECT_NAME_COLLISION);
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\Shared");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  CHECK(ZwOpenSection(&same, SECTION_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
  char *first, *second;
  SIZE_T size = 0, part = 100;
  CHECK(map(section, &first, &size) == STATUS_SUCCESS && size == 8192 && ((ULONG_PTR)first & 0xfff) == 0);
  CHECK(map(same, &second, &part) == STATUS_SUCCESS);
  first[10] = 'x';
  CHECK(second[10] == 'x' && first[11] == 0);
  CHECK(ZwUnmapViewOfSection(NtCurrentProcess(), first) == STATUS_SUCCESS);
  CHECK(ZwUnmapViewOfSection(NtCurrentProcess(), second) == STATUS_SUCCESS);
  CHECK(ZwUnmapViewOfSection(NtCurrentProcess(), second) == STATUS_NOT_MAPPED_VIEW);
  CHECK(!mach_user_mapped(first, 1, 0));
  /* What was written stays as long as the section does. */
  size = 0;
  CHECK(map(same, &second, &size) == STATUS_SUCCESS && second[10] == 'x');
  size = 9000;
  CHECK(map(same, &first, &size) == STATUS_INVALID_VIEW_SIZE);
  CHECK(ZwClose(section) == STATUS_SUCCESS && ZwClose(same) == STATUS_SUCCESS);
  CHECK(second[10] == 'x'); /* a view keeps it */
  CHECK(ZwUnmapViewOfSection(NtCurrentProcess(), second) == STATUS_SUCCESS);
  CHECK(ZwOpenSection(&same, SECTION_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(section_offset_and_size_come_back_rounded) {
  HANDLE section;
  CHECK(create(nullptr, 0x30000, &section) == STATUS_SUCCESS);
  PVOID base = nullptr;
  LARGE_INTEGER offset;
  offset.QuadPart = 0x10010;
  SIZE_T size = 0x1000;
  CHECK(ZwMapViewOfSection(section, NtCurrentProcess(), &base, 0, 0, &offset, &size, ViewUnmap, 0, PAGE_READWRITE) ==
        STATUS_SUCCESS);
  CHECK(offset.QuadPart == 0x10000 && size == 0x2000); /* what was asked for is in it */
  CHECK(ZwUnmapViewOfSection(NtCurrentProcess(), base) == STATUS_SUCCESS);
  CHECK(ZwClose(section) == STATUS_SUCCESS);
}

TEST(section_is_opened_when_it_is_there) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\Section");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_OPENIF, nullptr, nullptr);
  LARGE_INTEGER maximum;
  maximum.QuadPart = 100;
  HANDLE first, second;
  CHECK(ZwCreateSection(&first, SECTION_ALL_ACCESS, &attributes, &maximum, PAGE_READWRITE, SEC_COMMIT, nullptr) == STATUS_SUCCESS);
  CHECK(ZwCreateSection(&second, SECTION_ALL_ACCESS, &attributes, &maximum, PAGE_READWRITE, SEC_COMMIT, nullptr) ==
        STATUS_OBJECT_NAME_EXISTS);
  HANDLE event;
  CHECK(IoCreateNotificationEvent(&name, &event) == nullptr); /* it is no event */
  LONG before;
  CHECK(ZwSetEvent(first, &before) == STATUS_OBJECT_TYPE_MISMATCH);
  CHECK(ZwPulseEvent(first, &before) == STATUS_OBJECT_TYPE_MISMATCH && ZwClearEvent(first) == STATUS_OBJECT_TYPE_MISMATCH);
  CHECK(ZwClose(first) == STATUS_SUCCESS && ZwClose(second) == STATUS_SUCCESS);
  CHECK(ZwClearEvent(first) == STATUS_INVALID_HANDLE);
}

TEST(section_misuse) {
  HANDLE section;
  CHECK(create(nullptr, 0, &section) == STATUS_INVALID_PARAMETER_4);
  CHECK(create(nullptr, 1ll << 40, &section) == STATUS_SUCCESS);
  char* base;
  SIZE_T size = 0;
  CHECK(map(section, &base, &size) == STATUS_NO_MEMORY);
  CHECK(map((HANDLE)0x7777, &base, &size) == STATUS_INVALID_HANDLE);
  CHECK(ZwUnmapViewOfSection((HANDLE)0x7777, nullptr) == STATUS_INVALID_HANDLE);
}

TEST(section_of_a_file) {
  const nt_seed_file seeds[] = {{"C:\\f", "abcdef", 6}, {}};
  nt_seed(nullptr, seeds);
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, L"\\??\\C:\\f");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  HANDLE file, section;
  IO_STATUS_BLOCK iosb;
  CHECK(ZwOpenFile(&file, FILE_READ_DATA | SYNCHRONIZE, &attributes, &iosb, FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT) ==
        STATUS_SUCCESS);
  CHECK(ZwCreateSection(&section, SECTION_MAP_READ, nullptr, nullptr, PAGE_READONLY, SEC_COMMIT, file) == STATUS_SUCCESS);
  PVOID base = nullptr;
  SIZE_T size = 0;
  CHECK(ZwMapViewOfSection(section, NtCurrentProcess(), &base, 0, 0, nullptr, &size, ViewUnmap, 0, PAGE_READONLY) ==
        STATUS_SUCCESS);
  CHECK(((char*)base)[5] == 'f' && ((char*)base)[6] == 0);
  LARGE_INTEGER large;
  large.QuadPart = 7;
  CHECK(ZwCreateSection(&section, SECTION_MAP_READ, nullptr, &large, PAGE_READONLY, SEC_COMMIT, file) == STATUS_SECTION_TOO_BIG);
}

TEST(virtual_memory) {
  PVOID base = nullptr;
  SIZE_T size = 5000;
  CHECK(ZwAllocateVirtualMemory(NtCurrentProcess(), &base, 0, &size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE) ==
        STATUS_SUCCESS);
  CHECK(size == 8192 && ((ULONG_PTR)base & 0xfff) == 0);
  ((char*)base)[8191] = 1;
  CHECK(((char*)base)[0] == 0 && mach_user_mapped(base, 8192, 1));
  PVOID inside = (char*)base + 4096;
  SIZE_T all = 0;
  CHECK(ZwFreeVirtualMemory(NtCurrentProcess(), &inside, &all, MEM_RELEASE) == STATUS_FREE_VM_NOT_AT_BASE);
  CHECK(ZwFreeVirtualMemory(NtCurrentProcess(), &base, &all, 0x1) == STATUS_INVALID_PARAMETER_4);
  CHECK(ZwFreeVirtualMemory(NtCurrentProcess(), &base, &all, MEM_RELEASE) == STATUS_SUCCESS && all == 8192);
  CHECK(!mach_user_mapped(base, 1, 0));
  all = 0;
  CHECK(ZwFreeVirtualMemory(NtCurrentProcess(), &base, &all, MEM_RELEASE) == STATUS_MEMORY_NOT_ALLOCATED);
  base = nullptr;
  size = 0;
  CHECK(ZwAllocateVirtualMemory(NtCurrentProcess(), &base, 0, &size, MEM_COMMIT, PAGE_READWRITE) == STATUS_INVALID_PARAMETER_4);
  size = (SIZE_T)1 << 40;
  CHECK(ZwAllocateVirtualMemory(NtCurrentProcess(), &base, 0, &size, MEM_COMMIT, PAGE_READWRITE) == STATUS_NO_MEMORY);
}

TEST(mdl_pages) {
  PHYSICAL_ADDRESS low = {}, high, skip = {};
  high.QuadPart = -1;
  PMDL mdl = MmAllocatePagesForMdl(low, high, skip, 5000);
  CHECK(mdl && MmGetMdlByteCount(mdl) == 8192 && MmGetMdlByteOffset(mdl) == 0 && (mdl->MdlFlags & MDL_PAGES_LOCKED));
  auto* bytes = (char*)MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority);
  CHECK(bytes && bytes[8191] == 0);
  bytes[0] = 1;
  MmUnmapLockedPages(bytes, mdl);
  MmFreePagesFromMdl(mdl);
  ExFreePool(mdl);
  CHECK(MmAllocatePagesForMdlEx(low, high, skip, 0, MmCached, 0) == nullptr);
}
