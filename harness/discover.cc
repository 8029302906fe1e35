#include "harness/discover.h"

#include <fmt/format.h>
#include <pugixml.hpp>
#include <toml++/toml.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <cctype>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "emu/rules/rule.h"
#include "emu/schedule/strategy.h"
#include "harness/cli.h"
#include "harness/cli_process.h"
#include "harness/hardware_ids.h"
#include "harness/seeds.h"

namespace wdm {

namespace fs = std::filesystem;

namespace {

bool is_source(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".c" || extension == ".cpp" || extension == ".cc" || extension == ".cxx" || extension == ".C" ||
         extension == ".CPP";
}

std::string tidy_name(const fs::path& directory) {
  std::string name = directory.filename().string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
  return name.empty() ? "driver" : name;
}

// ---- driver.toml

class Settings {
 public:
  Settings(const fs::path& file, DriverSpec& spec) : file_(file), spec_(spec) {}

  void read() {
    toml::table table;
    try {
      table = toml::parse(read_text(file_));
    } catch (const toml::parse_error& error) {
      fail(fmt::format("line {}: {}", error.source().begin.line, error.description()));
    }
    spec_.settings.push_back(file_);
    if (const toml::node* const directory = table.get("directory")) go_to(*directory);
    for (const auto& [key, value] : table) apply(std::string(key.str()), value);
  }

 private:
  // These settings are about a driver elsewhere, which may have its own.
  void go_to(const toml::node& value) {
    if (spec_.settings.size() > 1) fail("'directory' may not stand in a driver.toml that another one leads to");
    std::error_code error;
    const fs::path directory = fs::canonical(file_.parent_path() / text("directory", value), error);
    if (error || !fs::is_directory(directory)) fail("'directory': " + text("directory", value) + " is no directory");
    spec_.directory = directory;
    spec_.name = tidy_name(directory);
    const fs::path settings = directory / "driver.toml";
    if (settings != file_ && fs::exists(settings)) Settings(settings, spec_).read();
  }

  [[noreturn]] void fail(const std::string& why) const { throw UserError(file_.string() + ": " + why); }

  void apply(const std::string& key, const toml::node& value) {
    if (key == "name") spec_.name = name(key, value);
    else if (key == "sources") spec_.sources = files(key, value);
    else if (key == "includes") append(spec_.includes, files(key, value));
    else if (key == "defines") append(spec_.defines, strings(key, value));
    else if (key == "devices") spec_.devices = number(key, value);
    else if (key == "hardware_ids") spec_.hardware_ids = strings(key, value);
    else if (key == "ioctls") append(spec_.ioctls, ioctls(key, value));
    else if (key == "registry") append(spec_.registry, read_registry(table_of(key, value), error_in()));
    else if (key == "files") append(spec_.files, seed_files(table_of(key, value)));
    else if (key == "device") spec_.hardware = hardware(value);
    else if (key == "rules") rules(table_of(key, value));
    else if (key != "directory")
      fail(fmt::format("unknown key '{}'; known are name, sources, includes, defines, ioctls, devices, device, hardware_ids, "
                       "registry, files, rules, directory",
                       key));
  }

  template <class T>
  static void append(std::vector<T>& all, const std::vector<T>& more) {
    all.insert(all.end(), more.begin(), more.end());
  }

  const toml::table& table_of(const std::string& key, const toml::node& value) const {
    const toml::table* const table = value.as_table();
    if (!table) fail(fmt::format("'{}' has to be a table", key));
    return *table;
  }

  SeedError error_in() const {
    return [this](const std::string& why) { fail(why); };
  }

  // What a file's content comes from counts as a setting, so that a change of it is noticed.
  std::vector<SeedFile> seed_files(const toml::table& table) {
    std::vector<fs::path> sources;
    auto found = read_files(table, spec_.directory, sources, error_in());
    append(spec_.settings, sources);
    return found;
  }

  std::string text(const std::string& key, const toml::node& value) const {
    const auto found = value.value<std::string>();
    if (!found) fail(fmt::format("'{}' has to be a string", key));
    return *found;
  }

  std::string name(const std::string& key, const toml::node& value) const {
    const std::string found = text(key, value);
    const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
    if (found.empty() || !std::all_of(found.begin(), found.end(), good))
      fail("'name' may have letters, digits, '-' and '_' only");
    return found;
  }

  std::uint32_t number(const std::string& key, const toml::node& value) const {
    const auto found = value.value_exact<std::int64_t>();
    if (!found || *found < 0 || *found > 0xffffffffll) fail(fmt::format("'{}' has to be a number of 32 bits", key));
    return static_cast<std::uint32_t>(*found);
  }

  const toml::array& list(const std::string& key, const toml::node& value) const {
    const toml::array* const array = value.as_array();
    if (!array) fail(fmt::format("'{}' has to be a list", key));
    return *array;
  }

  std::vector<std::string> strings(const std::string& key, const toml::node& value) const {
    std::vector<std::string> found;
    for (const toml::node& entry : list(key, value)) found.push_back(text(key, entry));
    return found;
  }

  std::vector<fs::path> files(const std::string& key, const toml::node& value) const {
    std::vector<fs::path> found;
    for (const std::string& entry : strings(key, value)) {
      const fs::path path = (spec_.directory / entry).lexically_normal();
      if (!fs::exists(path)) fail(fmt::format("'{}': {} does not exist", key, entry));
      found.push_back(path);
    }
    return found;
  }

  void require_rule(const std::string& key, const std::string& name) const {
    if (const std::string why = unknown_rule(name); !why.empty()) fail(fmt::format("'rules.{}': {}", key, why));
  }

  void set_rules(RuleSetting::Kind kind, const std::string& key, const toml::node& value) {
    for (const std::string& rule : strings("rules." + key, value)) {
      require_rule(key, rule);
      spec_.rules.push_back({kind, rule, ""});
    }
  }

  // true: all of them.
  void advice(const toml::node& value) {
    if (!value.is_boolean()) return set_rules(RuleSetting::Kind::on, "advice", value);
    if (!value.value_or(false)) return;
    for (const RuleInfo& rule : all_rules())
      if (rule.level == Level::advice) spec_.rules.push_back({RuleSetting::Kind::on, std::string(rule.name), ""});
  }

  // "SpinLockSafe in CompleteOne", as a SUMMARY has it; what AddressSanitizer finds is named with its word.
  void suppress(const std::string& text) {
    std::istringstream words(text);
    RuleSetting setting{RuleSetting::Kind::suppress, "", ""};
    std::string in, more;
    words >> setting.rule >> in >> setting.function;
    if (in != "in" || setting.function.empty() || words >> more)
      fail(fmt::format("'rules.suppress': \"{}\" is not like \"SpinLock in Function\" or \"SpinLock in *\"", text));
    const bool of_address_sanitizer = setting.rule.find('-') != std::string::npos || setting.rule == "SEGV";
    if (!of_address_sanitizer) require_rule("suppress", setting.rule);
    spec_.rules.push_back(std::move(setting));
  }

  void rules(const toml::table& table) {
    for (const auto& [field, value] : table) {
      const std::string key(field.str());
      if (key == "advice") advice(value);
      else if (key == "off") set_rules(RuleSetting::Kind::off, key, value);
      else if (key == "suppress") for (const std::string& entry : strings("rules." + key, value)) suppress(entry);
      else fail(fmt::format("unknown key 'rules.{}'; known are advice, off, suppress", key));
    }
  }

  // {start = 0x3f8, length = 8}
  void range(const std::string& key, const toml::node& value, std::uint32_t& start, std::uint32_t& length) const {
    const toml::table* const table = value.as_table();
    if (!table || table->size() != 2 || !table->contains("start") || !table->contains("length"))
      fail(fmt::format("'{}' has to be a table with 'start' and 'length'", key));
    start = number(key + ".start", *table->get("start"));
    length = number(key + ".length", *table->get("length"));
    if (length == 0) fail(fmt::format("'{}.length' may not be 0", key));
  }

  std::vector<std::uint8_t> bytes(const std::string& key, const toml::node& value, std::size_t most) const {
    std::vector<std::uint8_t> found;
    for (const toml::node& entry : list(key, value)) {
      const std::uint32_t byte = number(key, entry);
      if (byte > 255) fail(fmt::format("'{}': {} is more than 255", key, byte));
      found.push_back(static_cast<std::uint8_t>(byte));
    }
    if (found.size() > most) fail(fmt::format("'{}' has more than {} numbers", key, most));
    return found;
  }

  HardwareSpec hardware(const toml::node& value) const {
    const toml::table* const table = value.as_table();
    if (!table) fail("'device' has to be a table");
    HardwareSpec found;
    found.given = true;
    for (const auto& [field, entry] : *table) {
      const std::string key = "device." + std::string(field.str());
      if (field == "ports") range(key, entry, found.port, found.port_length);
      else if (field == "memory") range(key, entry, found.memory, found.memory_length);
      else if (field == "interrupts") found.interrupts = bytes(key, entry, kInterruptLines);
      else if (field == "registers") found.registers = bytes(key, entry, 4096);
      else fail(fmt::format("unknown key '{}'; known are ports, memory, interrupts, registers", key));
    }
    return found;
  }

  std::vector<Ioctl> ioctls(const std::string& key, const toml::node& value) const {
    std::vector<Ioctl> found;
    for (const toml::node& entry : list(key, value)) {
      const toml::table* const table = entry.as_table();
      if (!table || !table->contains("code")) fail("each of 'ioctls' has to be a table with at least 'code'");
      found.push_back(ioctl(*table));
    }
    return found;
  }

  Ioctl ioctl(const toml::table& table) const {
    Ioctl found;
    for (const auto& [field, value] : table) {
      const std::string key = "ioctls." + std::string(field.str());
      if (field == "code") found.code = number(key, value);
      else if (field == "name") found.name = text(key, value);
      else if (field == "in") found.in_size = number(key, value);
      else if (field == "out") found.out_size = number(key, value);
      else fail(fmt::format("unknown key '{}'; known are code, name, in, out", key));
    }
    if (found.name.empty()) found.name = fmt::format("{:#010x}", found.code);
    return found;
  }

  const fs::path& file_;
  DriverSpec& spec_;
};

// ---- the directory

fs::path find_directory(const std::string& driver, const fs::path& samples) {
  std::error_code error;
  if (fs::is_directory(driver, error)) return fs::canonical(driver);
  if (fs::exists(driver, error))
    throw UserError(driver + ": is a file; DRIVER is the directory with the driver's sources");
  const bool plain = !driver.empty() && driver.find('/') == std::string::npos && driver.front() != '.';
  if (plain && fs::is_directory(samples / driver, error)) return fs::canonical(samples / driver);
  throw UserError(driver + ": no such directory, and no sample driver of that name; see wdmfuzz drivers");
}

// Names of the sources that a Visual Studio project compiles, in lower case: `<ClCompile Include="X.c">`. A file that is no
// XML has none.
std::set<std::string, std::less<>> sources_of_project(const fs::path& project) {
  pugi::xml_document document;
  document.load_file(project.c_str());
  std::set<std::string, std::less<>> names;
  for (const pugi::xpath_node entry : document.select_nodes("//ClCompile/@Include")) {
    const std::string path = boost::algorithm::to_lower_copy(std::string(entry.attribute().value()));
    names.insert(path.substr(path.find_last_of("\\/") + 1));
  }
  return names;
}

// What the folder's only project does not compile is no part of the driver.
void leave_out_others(const std::vector<fs::path>& projects, std::vector<fs::path>& sources) {
  if (projects.size() != 1) return;
  const auto names = sources_of_project(projects.front());
  const auto compiled = [&](const fs::path& source) { return names.contains(boost::algorithm::to_lower_copy(source.filename().string())); };
  if (std::any_of(sources.begin(), sources.end(), compiled))
    std::erase_if(sources, [&](const fs::path& source) { return !compiled(source); });
}

std::vector<fs::path> sources_in(const fs::path& directory) {
  std::vector<fs::path> found, projects;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    if (is_source(entry.path())) found.push_back(entry.path());
    if (boost::algorithm::to_lower_copy(entry.path().extension().string()) == ".vcxproj") projects.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  leave_out_others(projects, found);
  return found;
}

// ---- macros

struct Macro {
  std::string body;
  bool function_like = false;
  bool system = false;
};

bool identifier_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::set<std::string, std::less<>> identifiers_of(std::string_view text) {
  std::set<std::string, std::less<>> found;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && identifier_character(text[end])) ++end;
    if (end > i) found.emplace(text.substr(i, end - i));
    i = std::max(end, i + 1);
  }
  return found;
}

// "# 12 "file" 1 3": is what follows from a system header?
bool marks_system(std::string_view line) {
  const std::size_t quote = line.rfind('"');
  return quote != std::string_view::npos && line.find('3', quote) != std::string_view::npos;
}

std::map<std::string, Macro> macros_of(const std::string& preprocessed) {
  constexpr std::string_view kDefine = "#define ";
  std::map<std::string, Macro> macros;
  std::istringstream lines(preprocessed);
  bool system = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# ", 0) == 0) system = marks_system(line);
    if (line.rfind(kDefine, 0) != 0) continue;
    std::size_t end = kDefine.size();
    while (end < line.size() && identifier_character(line[end])) ++end;
    const bool function_like = end < line.size() && line[end] == '(';
    macros[line.substr(kDefine.size(), end - kDefine.size())] = {line.substr(end), function_like, system};
  }
  return macros;
}

// Names of object-like macros that lead to CTL_CODE, directly or through other macros.
std::vector<std::string> ctl_code_macros(const std::map<std::string, Macro>& macros, std::string_view source) {
  std::set<std::string, std::less<>> leading = {"CTL_CODE"};
  for (std::size_t before = 0; before != leading.size();) {
    before = leading.size();
    for (const auto& [name, macro] : macros)
      for (const std::string& word : identifiers_of(macro.body))
        if (leading.contains(word)) leading.insert(name);
  }
  const auto mentioned = identifiers_of(source);
  std::vector<std::string> names;
  for (const auto& [name, macro] : macros)
    if (!macro.function_like && leading.contains(name) && (!macro.system || mentioned.contains(name)))
      names.push_back(name);
  return names;
}

// ---- values

constexpr std::string_view kBegin = "wdmfuzz_ioctl_";
constexpr std::string_view kEnd = "wdmfuzz_end";

// Types that a macro may cast to; the sources themselves are not compiled here.
constexpr std::string_view kTypes =
    "typedef unsigned int ULONG, DWORD, UINT, UINT32, uint32_t;\ntypedef int LONG, INT, BOOL, NTSTATUS;\n"
    "typedef unsigned short USHORT, WORD;\ntypedef unsigned char UCHAR, BYTE;\ntypedef unsigned long long ULONG64, ULONGLONG;\n";

// The source, and after it each name between marks: the preprocessor replaces it by its expression.
std::string marked_source(const fs::path& source, const std::vector<std::string>& names) {
  std::string text = fmt::format("#include \"{}\"\n", source.string());
  for (std::size_t i = 0; i < names.size(); ++i) text += fmt::format("{}{} {} {}\n", kBegin, i, names[i], kEnd);
  return text;
}

std::vector<std::string> marked_expressions(const std::string& preprocessed, std::size_t count) {
  std::vector<std::string> expressions;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string mark = fmt::format("{}{} ", kBegin, i);
    const std::size_t begin = preprocessed.find(mark);
    const std::size_t end = begin == std::string::npos ? begin : preprocessed.find(kEnd, begin);
    expressions.push_back(end == std::string::npos ? "0" : preprocessed.substr(begin + mark.size(), end - begin - mark.size()));
  }
  return expressions;
}

// Values from LLVM's text form: "@wdmfuzz_ioctl_0 = global i32 2236416". 0 for what is not there.
std::vector<std::uint32_t> values_in(const std::string& ir, std::size_t count) {
  std::vector<std::uint32_t> values(count);
  std::istringstream lines(ir);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("@" + std::string(kBegin), 0) != 0) continue;
    const std::size_t index = std::strtoul(line.c_str() + 1 + kBegin.size(), nullptr, 10);
    const std::size_t value = line.find(" i32 ");
    if (index < count && value != std::string::npos)
      values[index] = static_cast<std::uint32_t>(std::strtoll(line.c_str() + value + 5, nullptr, 10));
  }
  return values;
}

std::vector<std::uint32_t> compiled_values(const std::string& compiler, const std::vector<std::string>& expressions) {
  std::string text(kTypes);
  for (std::size_t i = 0; i < expressions.size(); ++i)
    text += fmt::format("unsigned {}{} = (unsigned)({});\n", kBegin, i, expressions[i]);
  const auto result = run_process({compiler, "-w", "-x", "c", "-S", "-emit-llvm", "-o", "-", "-"}, text);
  if (result.exit == 0) return values_in(result.output, expressions.size());
  if (expressions.size() == 1) return {0};
  std::vector<std::uint32_t> values;  // one of them is no constant: take them one by one
  for (const std::string& expression : expressions) values.push_back(compiled_values(compiler, {expression}).front());
  return values;
}

std::vector<std::string> with(std::vector<std::string> command, const DriverSpec& spec,
                              const std::vector<std::string>& more) {
  command.push_back("-I" + spec.directory.string());
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

const char* language_of(const fs::path& source) {
  return source.extension() == ".c" || source.extension() == ".C" ? "c" : "c++";
}

std::string preprocessed(const DriverSpec& spec, const std::vector<std::string>& front_end, const fs::path& source,
                         const std::string& input, std::vector<std::string> options) {
  options.insert(options.end(), {"-w", "-E", "-x", language_of(source), "-o", "-", "-"});
  return run_process(with(front_end, spec, options), input).output;
}

std::vector<Ioctl> ioctls_of(const DriverSpec& spec, const std::vector<std::string>& front_end, const fs::path& source) {
  const std::string include = fmt::format("#include \"{}\"\n", source.string());
  const auto macros = macros_of(preprocessed(spec, front_end, source, include, {"-dD"}));
  const auto names = ctl_code_macros(macros, read_text(source));
  if (names.empty()) return {};
  const auto text = preprocessed(spec, front_end, source, marked_source(source, names), {"-P"});
  const auto values = compiled_values(front_end.front(), marked_expressions(text, names.size()));
  std::vector<Ioctl> found;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (values[i]) found.push_back({names[i], values[i], 0, 0});
  return found;
}

}  // namespace

DriverSpec resolve_driver(const std::string& driver, const std::vector<std::string>& defines, const fs::path& samples) {
  DriverSpec spec;
  spec.directory = find_directory(driver, samples);
  spec.name = tidy_name(spec.directory);
  const fs::path settings = spec.directory / "driver.toml";
  if (fs::exists(settings)) Settings(settings, spec).read();
  if (spec.sources.empty()) spec.sources = sources_in(spec.directory);
  if (spec.sources.empty())
    throw UserError(spec.directory.string() + ": has no *.c or *.cpp; name the directory with the driver's sources, or "
                    "list them in its driver.toml");
  if (spec.hardware_ids.empty()) spec.hardware_ids = find_hardware_ids(spec.directory);
  spec.defines.insert(spec.defines.end(), defines.begin(), defines.end());
  return spec;
}

std::vector<Ioctl> discover_ioctls(const DriverSpec& spec, const std::vector<std::string>& front_end) {
  std::vector<Ioctl> all = spec.ioctls;
  for (const fs::path& source : spec.sources)
    for (Ioctl& found : ioctls_of(spec, front_end, source)) {
      const auto same = [&](const Ioctl& known) { return known.code == found.code; };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(found));
    }
  return all;
}

}  // namespace wdm
