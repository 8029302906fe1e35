#include "harness/rule_examples.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

#include "emu/rules/rule.h"

namespace wdm {
namespace {

bool has_example(std::string_view rule) {
  return std::ranges::any_of(rule_examples(), [&](const RuleExample& example) { return example.rule == rule; });
}

TEST(RuleExamples, EveryRuleHasOne) {
  for (const RuleInfo& rule : all_rules())
    EXPECT_TRUE(has_example(rule.name)) << rule.name << " lacks an EXAMPLE in harness/rule_examples";
}

TEST(RuleExamples, OneForARule) {
  std::set<std::string_view> names;
  for (const RuleExample& example : rule_examples()) EXPECT_TRUE(names.insert(example.rule).second) << example.rule;
}

TEST(RuleExamples, EachIsInAGroup) {
  for (const RuleExample& example : rule_examples()) EXPECT_FALSE(example.group.empty()) << example.rule;
}

void expect_short(std::string_view name, std::string_view code) {
  const auto lines = std::ranges::count(code, '\n');
  EXPECT_TRUE(lines >= 2 && lines <= 10) << name << " has " << lines << " lines";
  EXPECT_TRUE(code.ends_with('\n') && !code.ends_with("\n\n") && !code.starts_with('\n')) << name;
  for (std::size_t begin = 0, end; (end = code.find('\n', begin)) != code.npos; begin = end + 1)
    EXPECT_LE(end - begin, 116u) << name << ": " << code.substr(begin, end - begin);
}

TEST(RuleExamples, TheBadOneSaysWhere) {
  for (const RuleExample& example : rule_examples()) {
    expect_short(example.rule, example.bad);
    expect_short(example.rule, example.good);
    EXPECT_NE(example.bad.find("//"), std::string_view::npos) << example.rule;
    EXPECT_EQ(example.good.find("//"), std::string_view::npos) << example.rule;
    EXPECT_NE(example.bad, example.good) << example.rule;
  }
}

std::string function(const std::string& name, std::string_view body) {
  return fmt::format("EXAMPLE_FUNCTION({0}) {{\nEXAMPLE_LOCALS\n#line 1 \"{0}\"\n{1}return STATUS_SUCCESS;\n}}\n", name,
                     body);
}

std::string all_functions() {
  std::string source;
  for (const RuleExample& example : rule_examples())
    source += function(fmt::format("{}_bad", example.rule), example.bad) +
              function(fmt::format("{}_good", example.rule), example.good);
  return source;
}

// Drivers are compiled without warnings; here a misspelt routine or a wrong type has to be seen.
constexpr const char* kErrors =
    "-fsyntax-only -Wno-everything -Werror=implicit-function-declaration -Werror=incompatible-pointer-types "
    "-Werror=incompatible-function-pointer-types -Werror=int-conversion";

// Does the driver compiler's front end take it?
bool compiles(const std::string& functions) {
  const std::string source = fmt::format("{}rule-examples-{}.c", testing::TempDir(), ::getpid());
  std::ofstream(source) << "#include \"" WDMFUZZ_TEST_SOURCES "/rule_examples.h\"\n" << functions;
  const int status = std::system(
      fmt::format("{0} --print-cflags -o '{1}.o' '{1}' | grep -vx -e -w | tr '\\n' '\\0' | "
                  "xargs -0 sh -c 'exec \"$@\" {2} \"{1}\"' sh", WDMFUZZ_WDMCC, source, kErrors).c_str());
  std::filesystem::remove(source);
  return status == 0;
}

TEST(RuleExamples, Compile) { EXPECT_TRUE(compiles(all_functions())); }

TEST(RuleExamples, WhatDoesNotCompileIsSeen) {
  EXPECT_TRUE(compiles(function("right", "KeAcquireSpinLock(&x->Lock, &irql);\n")));
  EXPECT_FALSE(compiles(function("misspelt", "KeAquireSpinLock(&x->Lock, &irql);\n")));
  EXPECT_FALSE(compiles(function("wrong_type", "KeAcquireSpinLock(&x->Mutex, &irql);\n")));
}

}  // namespace
}  // namespace wdm
