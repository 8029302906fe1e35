/* Prefix tables: which of the known prefixes a path begins with. The entries are the caller's memory; here they are a list in
 * order of insertion. */
#include "emu/nt/text.h"

namespace nt {
namespace {

constexpr CSHORT kTable = 0x0800, kEntry = 0x0801;

bool same(WCHAR a, WCHAR b, bool insensitive) {
  return a == b || (insensitive && upcase(a) == upcase(b));
}

/* Is it a prefix, up to the end of a part of the path? Case counts before `insensitive_from`. */
template <typename String>
bool is_prefix(const String* prefix, const String* name, ULONG insensitive_from) {
  const ULONG length = prefix->Length / sizeof(*prefix->Buffer), whole = name->Length / sizeof(*name->Buffer);
  if (length > whole) return false;
  for (ULONG i = 0; i < length; ++i)
    if (!same((WCHAR)prefix->Buffer[i], (WCHAR)name->Buffer[i], i >= insensitive_from)) return false;
  return length == whole || name->Buffer[length] == '\\' || (length && prefix->Buffer[length - 1] == '\\');
}

template <typename Entry, typename Table, typename String>
bool insert(Table* table, String* prefix, Entry* entry) {
  Entry** end = &table->NextPrefixTree;
  for (; *end; end = &(*end)->NextPrefixTree) {
    String* known = (*end)->Prefix;
    if (known->Length == prefix->Length && __builtin_memcmp(known->Buffer, prefix->Buffer, prefix->Length) == 0) return false;
  }
  *entry = {};
  entry->NodeTypeCode = kEntry;
  entry->NameLength = (CSHORT)prefix->Length;
  entry->Prefix = prefix;
  *end = entry;
  return true;
}

template <typename Entry, typename Table>
bool remove(Table* table, Entry* entry) {
  for (Entry** at = &table->NextPrefixTree; *at; at = &(*at)->NextPrefixTree) {
    if (*at != entry) continue;
    *at = entry->NextPrefixTree;
    entry->NextPrefixTree = nullptr;
    return true;
  }
  return false;
}

/* The longest; of several that differ in case the exact one. */
template <typename Entry, typename Table, typename String>
Entry* find(Table* table, String* name, ULONG insensitive_from) {
  Entry* best = nullptr;
  for (Entry* entry = table->NextPrefixTree; entry; entry = entry->NextPrefixTree) {
    if (!is_prefix(entry->Prefix, name, insensitive_from)) continue;
    const bool longer = !best || entry->Prefix->Length > best->Prefix->Length;
    const bool as_long = best && entry->Prefix->Length == best->Prefix->Length;
    if (longer || (as_long && is_prefix(entry->Prefix, name, MAXULONG))) best = entry;
  }
  return best;
}

}  // namespace
}  // namespace nt

extern "C" {

NTSYSAPI VOID NTAPI RtlInitializeUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable) {
  DDI_ENTER(RtlInitializeUnicodePrefix, PrefixTable);
  *PrefixTable = {nt::kTable, 0, nullptr, nullptr};
}

NTSYSAPI BOOLEAN NTAPI RtlInsertUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable, PUNICODE_STRING Prefix,
                                              PUNICODE_PREFIX_TABLE_ENTRY PrefixTableEntry) {
  DDI_ENTER(RtlInsertUnicodePrefix, PrefixTable);
  return nt::insert(PrefixTable, Prefix, PrefixTableEntry);
}

NTSYSAPI VOID NTAPI RtlRemoveUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable,
                                           PUNICODE_PREFIX_TABLE_ENTRY PrefixTableEntry) {
  DDI_ENTER(RtlRemoveUnicodePrefix, PrefixTable);
  PrefixTable->LastNextEntry = nullptr; /* an enumeration begins anew, as on Windows */
  nt::remove(PrefixTable, PrefixTableEntry);
}

NTSYSAPI PUNICODE_PREFIX_TABLE_ENTRY NTAPI RtlFindUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable, PUNICODE_STRING FullName,
                                                                ULONG CaseInsensitiveIndex) {
  DDI_ENTER(RtlFindUnicodePrefix, PrefixTable);
  return nt::find<UNICODE_PREFIX_TABLE_ENTRY>(PrefixTable, FullName, CaseInsensitiveIndex);
}

NTSYSAPI PUNICODE_PREFIX_TABLE_ENTRY NTAPI RtlNextUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable, BOOLEAN Restart) {
  DDI_ENTER(RtlNextUnicodePrefix, PrefixTable);
  PUNICODE_PREFIX_TABLE_ENTRY last = PrefixTable->LastNextEntry;
  return PrefixTable->LastNextEntry = Restart || !last ? PrefixTable->NextPrefixTree : last->NextPrefixTree;
}

NTSYSAPI VOID NTAPI PfxInitialize(PPREFIX_TABLE PrefixTable) {
  DDI_ENTER(PfxInitialize, PrefixTable);
  *PrefixTable = {nt::kTable, 0, nullptr};
}

NTSYSAPI BOOLEAN NTAPI PfxInsertPrefix(PPREFIX_TABLE PrefixTable, PSTRING Prefix, PPREFIX_TABLE_ENTRY PrefixTableEntry) {
  DDI_ENTER(PfxInsertPrefix, PrefixTable);
  return nt::insert(PrefixTable, Prefix, PrefixTableEntry);
}

NTSYSAPI VOID NTAPI PfxRemovePrefix(PPREFIX_TABLE PrefixTable, PPREFIX_TABLE_ENTRY PrefixTableEntry) {
  DDI_ENTER(PfxRemovePrefix, PrefixTable);
  nt::remove(PrefixTable, PrefixTableEntry);
}

NTSYSAPI PPREFIX_TABLE_ENTRY NTAPI PfxFindPrefix(PPREFIX_TABLE PrefixTable, PSTRING FullName) {
  DDI_ENTER(PfxFindPrefix, PrefixTable);
  return nt::find<PREFIX_TABLE_ENTRY>(PrefixTable, FullName, MAXULONG);
}

}  // extern "C"
