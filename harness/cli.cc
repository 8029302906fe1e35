#include "harness/cli.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>

#include "harness/scenario.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

void complain(std::string_view text) { fmt::print(stderr, "wdmfuzz: {}\n", text); }

bool same_content(const fs::path& path, std::string_view content) {
  std::error_code error;
  if (fs::file_size(path, error) != content.size() || error) return false;
  return read_text(path) == content;
}

// Onto the disk: a rename may outlive a loss of power that the content does not.
void make_durable(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

int worse_exit(int a, int b) { return a == kExitFound || b == kExitFound ? kExitFound : std::max(a, b); }

int guarded(int (*body)(int, char**), int argc, char** argv) {
  try {
    return body(argc, argv);
  } catch (const UserError& error) {
    complain(error.what());
  } catch (const ScenarioError& error) {
    complain(error.what());
  } catch (const fs::filesystem_error& error) {
    complain(fmt::format("{}: {}", error.path1().string(), error.code().message()));
  } catch (const std::exception& error) {
    fmt::print(stderr, "EMU BUG: {}\n", error.what());
    return kExitEmuBug;
  }
  return kExitUsage;
}

std::string read_text(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) throw UserError(path.string() + ": is a directory; name a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw UserError(fmt::format("{}: {}", path.string(), std::strerror(errno)));
  std::string content(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) throw UserError(path.string() + ": cannot be read");
  return content;
}

std::vector<std::uint8_t> read_file(const fs::path& path) {
  const std::string text = read_text(path);
  return {text.begin(), text.end()};
}

void write_file(const fs::path& path, std::string_view content, Existing existing) {
  std::error_code error;
  if (fs::is_directory(path, error)) throw UserError(path.string() + ": is a directory; name a file");
  if (fs::exists(path, error)) {
    if (fs::is_regular_file(path, error) && same_content(path, content)) return;
    if (existing == Existing::keep)
      throw UserError(path.string() + ": exists with other content; choose another name, or --force");
  }
  if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {  // /dev/stdout and the like
    std::ofstream(path, std::ios::binary) << content;
    return;
  }
  const fs::path temporary = path.string() + fmt::format(".tmp{}", ::getpid());
  {
    std::ofstream out(temporary, std::ios::binary);
    out << content;
    out.flush();
    if (!out) {
      const std::string why = std::strerror(errno);
      fs::remove(temporary, error);
      throw UserError(fmt::format("{}: {}", path.string(), why));
    }
  }
  make_durable(temporary);
  fs::rename(temporary, path);
  make_durable(fs::absolute(path).parent_path());
}

void write_file(const fs::path& path, const std::vector<std::uint8_t>& content, Existing existing) {
  write_file(path, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()), existing);
}

void write_output(const Options& options, std::string_view content) {
  if (options.output.empty() || options.output == "-")
    std::fwrite(content.data(), 1, content.size(), stdout);
  else
    write_file(options.output, content, options.force ? Existing::replace : Existing::keep);
}

fs::path executable_path() { return fs::read_symlink("/proc/self/exe"); }
fs::path executable_directory() { return executable_path().parent_path(); }

}  // namespace wdm
