#include "harness/hardware_ids.h"

#include <algorithm>
#include <boost/algorithm/string.hpp>

#include "harness/cli.h"
#include "harness/inf.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

bool is_inf(const fs::path& path) {
  const std::string extension = boost::algorithm::to_lower_copy(path.extension().string());
  return extension == ".inf" || extension == ".inx";
}

void add_files(std::vector<std::string>& ids, const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_regular_file() && is_inf(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files)
    for (std::string& id : hardware_ids_of_inf(read_text(file)))
      if (std::none_of(ids.begin(), ids.end(), [&](const std::string& known) { return boost::algorithm::iequals(known, id); }))
        ids.push_back(std::move(id));
}

void add_folders(std::vector<std::string>& ids, const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_directory()) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) add_files(ids, folder);
}

}  // namespace

std::vector<std::string> find_hardware_ids(const fs::path& directory) {
  std::vector<std::string> ids;
  add_files(ids, directory);
  if (ids.empty()) add_folders(ids, directory);
  if (ids.empty()) add_files(ids, directory.parent_path());
  const auto is_root = [](const std::string& id) { return boost::algorithm::istarts_with(id, "root\\"); };
  std::stable_partition(ids.begin(), ids.end(), is_root);
  return ids;
}

}  // namespace wdm
