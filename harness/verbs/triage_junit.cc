// JUnit's XML, for continuous integration.

#include <pugixml.hpp>

#include "harness/triage.h"

namespace wdm {

namespace {

// XML has no way to write most control characters; a driver's text may have them.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') c = '?';
  return text;
}

// Not a stream: the library may have been built with another C++ library than this program.
struct Text final : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
};

void set(pugi::xml_node& node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(printable(value).c_str());
}

void add_case(pugi::xml_node& suite, const Triage& triage, const Bucket& bucket) {
  pugi::xml_node test = suite.append_child("testcase");
  set(test, "classname", "wdmfuzz." + triage.driver);
  set(test, "name", bucket.summary);
  if (!bucket.path.empty()) set(test, "file", bucket.path);
  if (bucket.line) set(test, "line", std::to_string(bucket.line));
  pugi::xml_node failure = test.append_child("failure");
  set(failure, "type", bucket.rule);
  set(failure, "message", bucket.headline);
  failure.text().set(printable(bucket.report + "\n" + bucket.reproduce + "\n").c_str());
}

void set_counts(pugi::xml_node& node, std::size_t count) {
  set(node, "tests", std::to_string(count));
  set(node, "failures", std::to_string(count));
}

}  // namespace

std::string render_junit(const Triage& triage) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node suites = document.append_child("testsuites");
  set_counts(suites, triage.buckets.size());
  pugi::xml_node suite = suites.append_child("testsuite");
  set(suite, "name", "wdmfuzz triage " + triage.driver);
  set_counts(suite, triage.buckets.size());
  for (const Bucket& bucket : triage.buckets) add_case(suite, triage, bucket);
  Text out;
  document.save(out, "  ");
  return out.text;
}

}  // namespace wdm
