#include "harness/driver_build.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>

#include "emu/schedule/strategy.h"
#include "harness/cli.h"
#include "harness/cli_process.h"
#include "harness/numbers.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kMaxMessageLines = 12;  // of the compiler, shown when a driver does not build

// FNV-1a: names directories and notices changes; not for security.
class Hash {
 public:
  void add(std::string_view text) {
    for (const unsigned char c : text) value_ = (value_ ^ c) * 0x100000001b3ull;
    value_ = (value_ ^ 0xff) * 0x100000001b3ull;
  }
  void add_content(const fs::path& file) {
    add(file.string());
    add(read_text(file));
  }
  // Cheaper than the content, for what only a build of ours changes.
  void add_stamp(const fs::path& file) {
    std::error_code error;
    const auto time = fs::last_write_time(file, error);
    add(file.string());
    add(error ? "none" : fmt::format("{}", time.time_since_epoch().count()));
  }
  std::string text() const { return fmt::format("{:016x}", value_); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ull;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

// A file of arguments. @HERE@ is its own directory, so that the build tree's files serve an installed tree as they are.
std::vector<std::string> arguments_in(const fs::path& file) {
  constexpr std::string_view kHere = "@HERE@";
  auto words = lines_of(read_text(file));
  for (std::string& word : words)
    if (const std::size_t at = word.find(kHere); at != std::string::npos)
      word.replace(at, kHere.size(), file.parent_path().string());
  return words;
}

std::string first_lines(const std::string& text) {
  std::string kept;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size() && i < kMaxMessageLines; ++i) kept += "\n  " + lines[i];
  if (lines.size() > kMaxMessageLines) kept += fmt::format("\n  ... and {} more lines", lines.size() - kMaxMessageLines);
  return kept;
}

// Waits until no other process builds in this directory.
class DirectoryLock {
 public:
  explicit DirectoryLock(const fs::path& directory)
      : fd_(::open((directory / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw UserError(directory.string() + ": cannot be written; the build directory has to be writable");
    ::flock(fd_, LOCK_EX);
  }
  ~DirectoryLock() { ::close(fd_); }

 private:
  int fd_;
};

// One step of the build: done again only when the hash of its inputs differs from the one noted beside its product.
template <class Step>
void when_changed(const fs::path& product, const std::string& inputs, Step step) {
  const fs::path note = product.string() + ".inputs";
  std::error_code error;
  if (fs::exists(product, error) && fs::exists(note, error) && read_text(note) == inputs) return;
  step();
  write_file(note, inputs, Existing::replace);
}

bool is_input(const fs::path& path) {
  static constexpr std::string_view kExtensions[] = {".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".mc", ".def", ".toml"};
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions);
}

void add_directory(Hash& hash, const fs::path& directory, unsigned depth) {
  if (fs::exists(directory / "CMakeCache.txt")) return;  // somebody's build, perhaps the one that we are part of
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(directory, fs::directory_options::skip_permission_denied))
    entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  for (const fs::path& path : entries) {
    std::error_code error;
    if (fs::is_regular_file(path, error) && is_input(path)) hash.add_content(path);
    if (depth > 0 && fs::is_directory(path, error) && !fs::is_symlink(path, error)) add_directory(hash, path, depth - 1);
  }
}

// Changes with what info_source writes.
constexpr std::string_view kInfoFormat = "info 6";

std::string compile_inputs(const Layout& layout, const DriverSpec& spec) {
  constexpr unsigned kDepth = 3;  // of folders below the driver's whose files count as its sources
  Hash hash;
  add_directory(hash, spec.directory, kDepth);
  for (const fs::path& source : spec.sources) hash.add_content(source);
  for (const fs::path& include : spec.includes) {
    hash.add(include.string());
    if (fs::is_directory(include)) add_directory(hash, include, 1);
  }
  for (const fs::path& settings : spec.settings) hash.add_content(settings);
  for (const std::string& define : spec.defines) hash.add(define);
  for (const std::string& id : spec.hardware_ids) hash.add(id);
  hash.add(spec.name);
  hash.add(kInfoFormat);
  hash.add_content(layout.compile_line());
  hash.add_content(layout.flavour_line());
  if (fs::exists(layout.libraries / "emulated.txt")) hash.add_content(layout.libraries / "emulated.txt");
  const fs::path sdk = layout.compiler().parent_path();
  if (fs::is_directory(sdk))
    for (const auto& entry : fs::recursive_directory_iterator(sdk))
      if (entry.is_regular_file()) hash.add_content(entry.path());
  return hash.text();
}

// The driver compiler's own complaint is a line of its own; else clang has spoken.
std::string compile_error(const std::string& messages) {
  constexpr std::string_view kOwn = "wdmcc: ";
  if (messages.starts_with("wdmcc: no DriverEntry"))
    return ": no DriverEntry in its sources; add the source that defines it (in C++: extern \"C\")";
  if (messages.starts_with(kOwn)) return ": " + lines_of(messages.substr(kOwn.size())).front();
  return ": does not compile:" + first_lines(messages);
}

// The driver compiler with all it needs to know; its intermediate files stay beside the object.
std::vector<std::string> compiler_command(const Layout& layout, const DriverSpec& spec, const fs::path& object) {
  std::vector<std::string> command = {layout.compiler().string(), "-o", object.string(), "--work",
                                      (object.parent_path() / "work").string()};
  for (const std::string& word : arguments_in(layout.compile_line())) command.push_back(word);
  if (!layout.flavour.empty())
    for (const std::string& word : arguments_in(layout.flavour_line())) command.push_back(word);
  for (const std::string& define : spec.defines) command.push_back("-D" + define);
  for (const fs::path& include : spec.includes) command.push_back("-I" + include.string());
  for (const fs::path& source : spec.sources) command.push_back(source.string());
  return command;
}

void compile(const Layout& layout, const DriverSpec& spec, const fs::path& object) {
  fs::remove_all(object.parent_path() / "work");
  const auto result = run_process(compiler_command(layout, spec, object));
  if (result.exit == 127 && result.errors.empty())
    throw UserError(layout.compiler().string() + ": the driver compiler cannot be started");
  if (result.exit) throw UserError(spec.name + compile_error(result.errors + result.output));
}

// ---- the info object

// A literal of the same bytes: control characters in octal, of three digits so that a digit may follow.
std::string c_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (std::iscntrl(static_cast<unsigned char>(c)))
      quoted += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

// Major functions whose names the sources mention, as a bit set: where random requests are worth sending. All when they
// mention none.
unsigned majors_named_in(const std::string& sources) {
  static constexpr std::pair<std::string_view, unsigned> kMajors[] = {
      {"IRP_MJ_CREATE_NAMED_PIPE", 0x01}, {"IRP_MJ_CREATE_MAILSLOT", 0x13}, {"IRP_MJ_FILE_SYSTEM_CONTROL", 0x0d},
      {"IRP_MJ_CREATE", 0x00},         {"IRP_MJ_CLOSE", 0x02},         {"IRP_MJ_READ", 0x03},
      {"IRP_MJ_WRITE", 0x04},          {"IRP_MJ_QUERY_INFORMATION", 0x05}, {"IRP_MJ_SET_INFORMATION", 0x06},
      {"IRP_MJ_FLUSH_BUFFERS", 0x09},  {"IRP_MJ_DEVICE_CONTROL", 0x0e}, {"IRP_MJ_INTERNAL_DEVICE_CONTROL", 0x0f},
      {"IRP_MJ_SHUTDOWN", 0x10},       {"IRP_MJ_CLEANUP", 0x12},       {"IRP_MJ_POWER", 0x16},
      {"IRP_MJ_SYSTEM_CONTROL", 0x17}, {"IRP_MJ_PNP", 0x1b}};
  unsigned majors = 0;
  for (const auto& [name, number] : kMajors)
    if (sources.find(name) != std::string::npos) majors |= 1u << number;
  return majors ? majors : 0xffffffffu;
}

std::string byte_array(const std::string& name, const std::string& data) {
  std::string text = fmt::format("static const unsigned char {}[] = {{", name);
  for (const unsigned char byte : data) text += fmt::format("{},", byte);
  return text + "0};\n";
}

// Laid out as nt_seed_value and nt_seed_file of emu/machine/hypercall.h.
std::string seed_source(const DriverSpec& spec) {
  std::string arrays, values, files;
  for (const SeedValue& value : spec.registry) {
    const std::string data = fmt::format("wdm_value_{}", &value - spec.registry.data());
    arrays += byte_array(data, value.data);
    values += fmt::format("    {{{}, {}, {}, {}, {}}},\n", c_string(value.key), value.key_only ? "0" : c_string(value.name),
                          value.type, value.data.size(), data);
  }
  for (const SeedFile& file : spec.files) {
    const std::string data = fmt::format("wdm_file_{}", &file - spec.files.data());
    arrays += byte_array(data, file.data);
    files += fmt::format("    {{{}, {}, {}}},\n", c_string(file.path), data, file.data.size());
  }
  return arrays + "const struct {\n  const char *key, *name;\n  unsigned type, size;\n  const void* data;\n} wdm_info_registry[] = {\n" +
         values + "    {0, 0, 0, 0, 0},\n};\nconst struct {\n  const char* path;\n  const void* data;\n  unsigned size;\n} wdm_info_files[] = {\n" +
         files + "    {0, 0, 0},\n};\n";
}

// A plug-and-play driver that asks for resources of a kind gets one such resource, unless driver.toml describes the device.
HardwareSpec hardware_of(const DriverSpec& spec, const std::string& sources, bool pnp) {
  if (spec.hardware.given || !pnp) return spec.hardware;
  const auto mentions = [&](std::string_view word) { return sources.find(word) != std::string::npos; };
  HardwareSpec found;
  if (mentions("CmResourceTypePort")) found.port = 0x3f8, found.port_length = 8;
  if (mentions("CmResourceTypeMemory")) found.memory = 0xfe000000, found.memory_length = 0x1000;
  if (mentions("CmResourceTypeInterrupt") || mentions("CONNECT_LINE_BASED")) found.interrupts = {4};
  return found;
}

bool connects_interrupts(const std::string& sources) {
  return sources.find("IoConnectInterrupt") != std::string::npos;
}

// The fields are those of nt_hardware.
std::string hardware_source(const HardwareSpec& hardware) {
  std::string text = fmt::format(
      "const struct {{\n  unsigned port, port_length;\n  unsigned long long memory;\n  unsigned memory_length, "
      "interrupt_count;\n  unsigned char interrupts[{}];\n}} wdm_info_hardware = {{{:#x}, {}, {:#x}, {}, {}, {{{}}}}};\n",
      kInterruptLines, hardware.port, hardware.port_length, hardware.memory, hardware.memory_length,
      hardware.interrupts.size(), fmt::join(hardware.interrupts, ", "));
  text += fmt::format("const unsigned wdm_info_register_count = {};\n", hardware.registers.size());
  text += fmt::format("const unsigned char wdm_info_registers[] = {{{}{}}};\n", fmt::join(hardware.registers, ", "),
                      hardware.registers.empty() ? "0" : "");
  return text;
}

// What the driver compiler has made of all sources, in LLVM's text form.
std::vector<std::uint32_t> numbers_in(const fs::path& directory) {
  std::string ir;
  for (const auto& entry : fs::directory_iterator(directory / "work"))
    if (entry.path().extension() == ".ll") ir += read_text(entry.path());
  return compared_numbers(ir);
}

std::string numbers_source(const std::vector<std::uint32_t>& numbers) {
  return fmt::format("const unsigned wdm_info_number_count = {};\nconst unsigned wdm_info_numbers[] = {{{}{}0}};\n", numbers.size(),
                     fmt::join(numbers, ", "), numbers.empty() ? "" : ", ");
}

// `list` is the driver compiler's: lines "emulated NAME" and "missing NAME".
std::string ddis_source(const std::string& list) {
  std::istringstream lines(list);
  std::string names;
  for (std::string status, name; lines >> status >> name;)
    if (status == "emulated") names += fmt::format("    {},\n", c_string(name));
  return "const char* const wdm_info_ddis[] = {\n" + names + "    0,\n};\n";
}

std::string info_source(const DriverSpec& spec, const std::vector<Ioctl>& ioctls) {
  std::string text = "/* Made by wdmfuzz from the driver's sources: read by harness/driver_info.cc. */\n";
  text += fmt::format("const char wdm_info_name[] = {};\n", c_string(spec.name));
  text += fmt::format("const char wdm_info_directory[] = {};\n", c_string(spec.directory.string()));
  text += fmt::format("const char wdm_info_rules[] = {};\n", c_string(rule_settings_text(spec.rules)));
  text += fmt::format("const unsigned wdm_info_devices = {};\n", spec.devices);
  text += "const char wdm_info_hardware_ids[] =";
  for (const std::string& id : spec.hardware_ids) text += fmt::format(" {} \"\\0\"", c_string(id));
  text += " \"\";\n";
  std::string sources;
  for (const fs::path& source : spec.sources) sources += read_text(source);
  text += fmt::format("const unsigned wdm_info_names = {};\n", sources.find("FileName") != std::string::npos ? 1 : 0);
  const bool pnp = sources.find("AddDevice") != std::string::npos;
  text += fmt::format("const unsigned wdm_info_pnp = {};\n", pnp ? 1 : 0);
  text += fmt::format("const unsigned wdm_info_interrupts = {};\n", connects_interrupts(sources) ? 1 : 0);
  text += hardware_source(hardware_of(spec, sources, pnp));
  text += fmt::format("const unsigned wdm_info_majors = {:#x};\n", majors_named_in(sources));
  text += fmt::format("const unsigned wdm_info_ioctl_count = {};\n", ioctls.size());
  text += "const struct {\n  const char* name;\n  unsigned code, in_size, out_size;\n} wdm_info_ioctls[] = {\n";
  for (const Ioctl& ioctl : ioctls)
    text += fmt::format("    {{{}, {:#x}, {}, {}}},\n", c_string(ioctl.name), ioctl.code, ioctl.in_size, ioctl.out_size);
  text += "    {\"\", 0, 0, 0},\n};\n";
  return text + seed_source(spec);
}

// The front end's command line: what the driver compiler would run.
std::vector<std::string> front_end(const Layout& layout, const DriverSpec& spec, const fs::path& object) {
  auto command = compiler_command(layout, spec, object);
  command.push_back("--print-cflags");
  return lines_of(run_process(command).output);
}

std::vector<Ioctl> ioctls_of(const DriverSpec& spec, const std::vector<std::string>& command) {
  return command.empty() ? spec.ioctls : discover_ioctls(spec, command);
}

void describe(const Layout& layout, const DriverSpec& spec, const fs::path& object, const fs::path& info) {
  const auto command = front_end(layout, spec, object);
  const auto ioctls = ioctls_of(spec, command);
  const fs::path source = fs::path(info).replace_extension(".c");
  write_file(source,
             info_source(spec, ioctls) + numbers_source(numbers_in(object.parent_path())) +
                 ddis_source(read_text(object.string() + ".ddis")),
             Existing::replace);
  const std::string compiler = command.empty() ? find_program({"clang-14", "clang", "cc"}) : command.front();
  const auto result = run_process({compiler, "-O1", "-c", source.string(), "-o", info.string()});
  if (result.exit) throw UserError(spec.name + ": the table of its IOCTLs does not compile:" + first_lines(result.errors));
}

// ---- the link

std::string link_inputs(const std::vector<std::string>& line, const std::string& compiled) {
  Hash hash;
  hash.add(compiled);
  for (const std::string& word : line) {
    hash.add(word);
    if (word.ends_with(".a") || word.ends_with(".o")) hash.add_stamp(word);
  }
  return hash.text();
}

void link(const DriverSpec& spec, std::vector<std::string> line, const fs::path& object, const fs::path& info,
          const fs::path& executable) {
  const std::string temporary = executable.string() + ".new";  // the old one may be running
  for (std::string& word : line) {
    if (word == "@DRIVER_OBJECT@") word = object.string();
    if (word == "@INFO_OBJECT@") word = info.string();
    if (word == "@OUTPUT@") word = temporary;
  }
  const auto result = run_process(line);
  if (result.exit) throw UserError(spec.name + ": does not link:" + first_lines(result.errors + result.output));
  fs::rename(temporary, executable);
}

fs::path driver_directory_in(const Layout& layout, const DriverSpec& spec) {
  Hash hash;
  hash.add(spec.directory.string());
  for (const std::string& define : spec.defines) hash.add(define);
  for (const fs::path& source : spec.sources) hash.add(source.string());
  return layout.build / "drivers" / (spec.name + "-" + hash.text().substr(0, 8) + layout.suffix());
}

void make_directory(const Layout& layout, const fs::path& directory) {
  if (layout.build.empty())
    throw UserError("no place for the driver's executable: set HOME, or name a directory with --build-dir");
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    throw UserError(fmt::format("{}: {}; name a writable directory with --build-dir", layout.build.string(),
                                error.message()));
}

// What an installed wdmfuzz may write to; empty when there is no such place.
fs::path user_cache() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/') return fs::path(cache) / "wdmfuzz";
  const char* const home = std::getenv("HOME");
  return home && *home ? fs::path(home) / ".cache" / "wdmfuzz" : fs::path();
}

// The program lies in PREFIX/bin, or in a build directory beside the libraries.
Layout layout_around(const fs::path& here) {
  const fs::path prefix = here.parent_path();
  const Layout installed = {prefix / "share" / "wdmfuzz", prefix / "lib" / "wdmfuzz", user_cache()};
  if (fs::exists(installed.link_line())) return installed;
  Layout built = {here.parent_path(), here, here};
#ifdef WDMFUZZ_SOURCE_DIR
  built.root = WDMFUZZ_SOURCE_DIR;
#endif
  if (fs::exists(built.link_line())) return built;
  throw UserError(fmt::format("{}: neither beside this program nor in {}; install wdmfuzz again",
                              built.link_line().string(), installed.libraries.string()));
}

void announce(const Layout& layout, const DriverSpec& spec) {
  fmt::print(stderr, "wdmfuzz: building driver {}{}\n", spec.name, layout.flavour.empty() ? "" : " for " + layout.flavour);
}

}  // namespace

Layout find_layout(const std::string& build_dir) {
  Layout layout = layout_around(executable_directory());
  if (const char* const root = std::getenv("WDMFUZZ_ROOT")) layout.root = root;
  const char* const build = std::getenv("WDMFUZZ_BUILD");
  if (build && *build) layout.build = fs::absolute(build);
  if (!build_dir.empty()) layout.build = fs::absolute(build_dir);
  return layout;
}

std::vector<Ioctl> find_ioctls(const Layout& layout, const DriverSpec& spec) {
  return ioctls_of(spec, front_end(layout, spec, driver_directory_in(layout, spec) / "driver.o"));
}

std::vector<std::uint32_t> numbers_of(const BuiltDriver& driver) {
  return numbers_in(driver.executable.parent_path());
}

BuiltDriver build_driver(const Layout& layout, const DriverSpec& spec) {
  const fs::path directory = driver_directory_in(layout, spec);
  make_directory(layout, directory);
  const DirectoryLock lock(directory);
  for (const fs::path& file : {layout.flavour_line(), layout.link_line()})
    if (!fs::exists(file)) throw UserError(layout.flavour + ": no such flavour; there is no " + file.string());
  const fs::path object = directory / "driver.o", info = directory / "info.o", executable = directory / "driver-fuzz";
  const std::string compiled = compile_inputs(layout, spec);
  when_changed(object, compiled, [&] {
    announce(layout, spec);
    compile(layout, spec, object);
  });
  when_changed(info, compiled, [&] { describe(layout, spec, object, info); });
  const auto line = arguments_in(layout.link_line());
  when_changed(executable, link_inputs(line, compiled), [&] { link(spec, line, object, info, executable); });
  return {spec, executable, fs::path(object.string() + ".ddis")};
}

}  // namespace wdm
