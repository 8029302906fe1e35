#include "harness/inf.h"

#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <map>
#include <sstream>

namespace wdm {

using boost::algorithm::iequals;
using boost::algorithm::to_lower_copy;

namespace {

std::string trimmed(std::string_view text) {
  return boost::algorithm::trim_copy_if(std::string(text), boost::algorithm::is_any_of(" \t\r\""));
}

// INF files are often UTF-16; IDs are ASCII.
std::string narrow(std::string_view text) {
  if (text.size() < 2 || static_cast<unsigned char>(text[0]) != 0xff || static_cast<unsigned char>(text[1]) != 0xfe)
    return std::string(text);
  std::string result;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) result += text[i + 1] ? '?' : text[i];
  return result;
}

// Up to a semicolon that is not in quotes.
std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ';' && !quoted) return line.substr(0, i);
  }
  return line;
}

std::vector<std::string> fields_of_list(std::string_view list) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    fields.push_back(trimmed(list.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return fields;
}

struct Line {
  std::string key;
  std::vector<std::string> fields;
};
using Sections = std::map<std::string, std::vector<Line>>;

Sections sections_of(std::string_view text) {
  Sections sections;
  std::string current;
  std::istringstream lines{std::string(text)};
  for (std::string raw; std::getline(lines, raw);) {
    const std::string line = trimmed(without_comment(raw));
    if (line.empty()) continue;
    if (line.front() == '[') {
      current = to_lower_copy(trimmed(line.substr(1, line.find(']') - 1)));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    sections[current].push_back({trimmed(line.substr(0, equals)), fields_of_list(line.substr(equals + 1))});
  }
  return sections;
}

// %token% stands for a line of [Strings].
std::string expanded(const std::string& text, const Sections& sections) {
  if (text.size() < 3 || text.front() != '%' || text.back() != '%') return text;
  const auto strings = sections.find("strings");
  if (strings == sections.end()) return text;
  const std::string token = to_lower_copy(text.substr(1, text.size() - 2));
  for (const Line& line : strings->second)
    if (to_lower_copy(line.key) == token && !line.fields.empty()) return line.fields.front();
  return text;
}

void add(std::vector<std::string>& ids, const std::string& id) {
  const auto same = [&](const std::string& known) { return iequals(known, id); };
  if (!id.empty() && std::none_of(ids.begin(), ids.end(), same)) ids.push_back(id);
}

// description = install section, hardware ID, compatible IDs ...
void add_models(std::vector<std::string>& ids, const std::string& section, const Sections& sections) {
  const auto found = sections.find(to_lower_copy(section));
  if (found == sections.end()) return;
  for (const Line& line : found->second)
    if (line.fields.size() >= 2) add(ids, expanded(line.fields[1], sections));
}

}  // namespace

std::vector<std::string> hardware_ids_of_inf(std::string_view text) {
  const Sections sections = sections_of(narrow(text));
  std::vector<std::string> ids;
  const auto manufacturers = sections.find("manufacturer");
  if (manufacturers == sections.end()) return ids;
  for (const Line& line : manufacturers->second) {
    if (line.fields.empty()) continue;
    add_models(ids, line.fields.front(), sections);
    for (std::size_t i = 1; i < line.fields.size(); ++i)
      add_models(ids, line.fields.front() + '.' + line.fields[i], sections);
  }
  return ids;
}

}  // namespace wdm
