// The tables [registry] and [files] of driver.toml: what is there before the driver is loaded.
#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/discover.h"

namespace wdm {

// Does not return: throws what is wrong.
using SeedError = std::function<void(const std::string&)>;

// Values of the driver's service key; a table in it is a subkey, one whose name begins with a backslash a key anywhere. An integer
// is a REG_DWORD, a larger one a REG_QWORD, a string a REG_SZ, a list of strings a REG_MULTI_SZ, a list of numbers
// below 256 a REG_BINARY.
std::vector<SeedValue> read_registry(const toml::table& table, const SeedError& fail);

// Files by path: a string is the content, { size = N } zeros, { from = "name" } the content of a file below `directory`,
// whose path goes to `sources`.
std::vector<SeedFile> read_files(const toml::table& table, const std::filesystem::path& directory,
                                 std::vector<std::filesystem::path>& sources, const SeedError& fail);

}  // namespace wdm
