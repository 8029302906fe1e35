#include "harness/triage.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

namespace wdm {
namespace {

Bucket bucket(const std::string& summary, const std::string& outcome, std::size_t count) {
  Bucket b;
  b.summary = summary;
  b.outcome = outcome;
  b.rule = summary.substr(0, summary.find(' '));
  b.headline = outcome + ": " + summary;
  b.path = "/src/drv/a b#c.c";
  b.line = 7;
  b.function = "F";
  b.count = count;
  b.first_seen = 1'600'000'000;
  b.representative = "x.scn";
  b.reproduce = "./wdmfuzz replay drv x.scn";
  b.scenario = "wdmfuzz 1\n";
  b.report = "text\n";
  return b;
}

Triage three() {
  Triage triage;
  triage.driver = "drv";
  triage.directory = "dir";
  triage.inputs = 9;
  triage.not_reproduced = {"dir/old"};
  triage.unreadable = {{"dir/bad", "dir/bad: line 2: no"}};
  triage.buckets = {bucket("LIMIT: steps", "LIMIT", 50), bucket("SpinLock a.c:1 in F", "DRIVER BUG", 1),
                    bucket("LockOrder a.c:2 in G", "DRIVER BUG", 4), bucket("SpinLock a.c:3 in H", "DRIVER BUG", 1)};
  return triage;
}

TEST(triage, driver_bugs_come_first_then_the_frequent_ones) {
  Triage triage = three();
  sort_buckets(triage);
  std::vector<std::string> order;
  for (const Bucket& b : triage.buckets) order.push_back(b.summary);
  EXPECT_EQ(order, (std::vector<std::string>{"LockOrder a.c:2 in G", "SpinLock a.c:1 in F", "SpinLock a.c:3 in H", "LIMIT: steps"}));
}

TEST(triage, json_comes_back) {
  const std::string text = render_triage_json(three());
  EXPECT_EQ(render_triage_json(triage_from_json(text)), text);
  EXPECT_THROW(triage_from_json("{}"), std::exception);
  EXPECT_THROW(triage_from_json("no"), std::exception);
}

TEST(triage, junit_holds_any_text) {
  Triage triage = three();
  const std::string nasty = "<&>\"' ]]> \xc3\xa4 a\x01\x1b\tb\nc";
  for (std::string* text : {&triage.buckets[0].summary, &triage.buckets[0].headline, &triage.buckets[0].report}) *text = nasty;
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(render_junit(triage).c_str(), pugi::parse_default & ~pugi::parse_wconv_attribute));
  const auto suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("failures").as_uint(), 4u);
  EXPECT_EQ(std::distance(suite.children("testcase").begin(), suite.children("testcase").end()), 4);
  const std::string expected = "<&>\"' ]]> \xc3\xa4 a??\tb\nc";
  EXPECT_EQ(suite.child("testcase").attribute("name").as_string(), expected);
  EXPECT_EQ(suite.child("testcase").child("failure").attribute("message").as_string(), expected);
  EXPECT_NE(std::string(suite.child("testcase").child("failure").text().get()).find(expected), std::string::npos);
}

TEST(triage, sarif_names_each_rule_once) {
  const auto sarif = nlohmann::json::parse(render_sarif(three(), "/src"));
  const auto& run = sarif["runs"][0];
  EXPECT_EQ(sarif["version"], "2.1.0");
  EXPECT_EQ(run["tool"]["driver"]["rules"].size(), 3u);
  ASSERT_EQ(run["results"].size(), 4u);
  for (const auto& result : run["results"])
    EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
  EXPECT_EQ(run["results"][0]["level"], "warning");
  const auto& place = run["results"][1]["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "drv/a%20b%23c.c");
  EXPECT_EQ(place["region"]["startLine"], 7);
}

TEST(triage, sarif_of_sources_elsewhere_has_absolute_names) {
  const auto sarif = nlohmann::json::parse(render_sarif(three(), "/other"));
  EXPECT_EQ(sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "file:///src/drv/a%20b%23c.c");
}

TEST(triage, text_counts_everything) {
  const std::string text = render_triage_text(three());
  EXPECT_NE(text.find("dir: 4 buckets in 9 inputs, 1 does not reproduce\n"), std::string::npos);
  EXPECT_NE(text.find("LIMIT            50  2020-09-13T12:26:40Z"), std::string::npos);
  EXPECT_NE(text.find("cannot be read: dir/bad: line 2: no"), std::string::npos);
}

}  // namespace
}  // namespace wdm
