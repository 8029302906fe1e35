#include "harness/seeds.h"

#include <fmt/format.h>

#include "harness/cli.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

enum RegistryType : std::uint32_t { kSz = 1, kBinary = 3, kDword = 4, kMultiSz = 7, kQword = 11 };

constexpr std::size_t kMaxSeedBytes = 1u << 20;

void append_wide(std::string& data, const std::string& text) {
  for (const char c : text) data += {c, '\0'};
  data += {'\0', '\0'};
}

void append_number(std::string& data, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) data += static_cast<char>(value >> (8 * i));
}

void set_list(SeedValue& value, const toml::array& list, const std::string& where, const SeedError& fail) {
  const bool strings = !list.empty() && list.is_homogeneous<std::string>();
  value.type = strings ? kMultiSz : kBinary;
  for (const toml::node& entry : list) {
    const auto number = entry.value_exact<std::int64_t>();
    if (strings)
      append_wide(value.data, *entry.value<std::string>());
    else if (number && *number >= 0 && *number < 256)
      value.data += static_cast<char>(*number);
    else
      fail(fmt::format("'{}' has to be a list of strings, or of numbers below 256", where));
  }
  if (strings) value.data += {'\0', '\0'};
}

SeedValue value_of(const std::string& key, const std::string& name, const toml::node& node, const SeedError& fail) {
  SeedValue value;
  value.key = key;
  value.name = name;
  const std::string where = fmt::format("registry.{}{}{}", key, key.empty() ? "" : ".", name);
  if (const auto number = node.value_exact<std::int64_t>()) {
    const bool small = *number >= -0x80000000ll && *number <= 0xffffffffll;
    value.type = small ? kDword : kQword;
    append_number(value.data, static_cast<std::uint64_t>(*number), small ? 4 : 8);
  } else if (const auto text = node.value_exact<std::string>()) {
    value.type = kSz;
    append_wide(value.data, *text);
  } else if (const toml::array* const list = node.as_array()) {
    set_list(value, *list, where, fail);
  } else {
    fail(fmt::format("'{}' has to be a number, a string or a list", where));
  }
  return value;
}

void read_key(const std::string& key, const toml::table& table, const SeedError& fail, std::vector<SeedValue>& all) {
  if (table.empty()) {
    SeedValue alone;
    alone.key = key;
    alone.key_only = true;
    all.push_back(alone);
  }
  for (const auto& [entry, node] : table) {
    const std::string name(entry.str());
    const toml::table* const subkey = node.as_table();
    if (!subkey)
      all.push_back(value_of(key, name, node, fail));
    else
      read_key(key.empty() || name.starts_with('\\') ? name : key + "\\" + name, *subkey, fail, all);
  }
}

}  // namespace

std::vector<SeedValue> read_registry(const toml::table& table, const SeedError& fail) {
  std::vector<SeedValue> all;
  read_key("", table, fail, all);
  return all;
}

std::vector<SeedFile> read_files(const toml::table& table, const fs::path& directory, std::vector<fs::path>& sources,
                                 const SeedError& fail) {
  std::vector<SeedFile> all;
  for (const auto& [entry, node] : table) {
    SeedFile file;
    file.path = entry.str();
    const toml::table* const how = node.as_table();
    const auto size = how ? (*how)["size"].value_exact<std::int64_t>() : std::nullopt;
    const auto from = how ? (*how)["from"].value_exact<std::string>() : std::nullopt;
    if (const auto text = node.value_exact<std::string>()) {
      file.data = *text;
    } else if (size && *size >= 0 && static_cast<std::uint64_t>(*size) <= kMaxSeedBytes) {
      file.data.assign(static_cast<std::size_t>(*size), '\0');
    } else if (from) {
      const fs::path source = (directory / *from).lexically_normal();
      if (!fs::is_regular_file(source)) fail(fmt::format("'files': {} does not exist", *from));
      file.data = read_text(source);
      sources.push_back(source);
    } else {
      fail(fmt::format("'files.{}' has to be a string, {{ size = N }} with at most 1048576, or {{ from = \"name\" }}", file.path));
    }
    if (file.data.size() > kMaxSeedBytes) fail(fmt::format("'files.{}' is larger than 1 MiB", file.path));
    all.push_back(std::move(file));
  }
  return all;
}

}  // namespace wdm
