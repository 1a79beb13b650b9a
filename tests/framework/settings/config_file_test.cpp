#include "dualebm/framework/settings/config_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

TEST(Override, ValuesAreJsonWhereTheyCanBeAndTextOtherwise) {
  Json configuration = {{"loop", {{"iterations", 10}}}};
  apply_override(configuration, "loop.iterations=1e3");
  apply_override(configuration, "loop.metric=kl");
  apply_override(configuration, "loop.equation=a=b");
  apply_override(configuration, "loop.list=[1, 2]");
  apply_override(configuration, "loop.none=null");
  EXPECT_EQ(configuration["loop"]["iterations"], 1000.0);
  EXPECT_EQ(configuration["loop"]["metric"], "kl");
  EXPECT_EQ(configuration["loop"]["equation"], "a=b");
  EXPECT_EQ(configuration["loop"]["list"], (Json{1, 2}));
  EXPECT_TRUE(configuration["loop"]["none"].is_null());
}

TEST(Override, MakesSectionsOnTheWay) {
  Json configuration = Json::object();
  apply_override(configuration, "a.b.c=true");
  EXPECT_EQ(configuration.dump(), R"({"a":{"b":{"c":true}}})");
}

TEST(Override, RefusesBadForms) {
  for (const char* text : {"loop.iterations", "=3", "", "a..b=1", ".a=1", "a.=1", "x.y=1"}) {
    Json configuration = {{"x", 3}};
    const auto message = user_error([&] { apply_override(configuration, text); });
    EXPECT_FALSE(message.empty()) << text;
    EXPECT_EQ(configuration["x"], 3) << text;
  }
  Json configuration = {{"x", 3}};
  expect_contains(user_error([&] { apply_override(configuration, "x.y=1"); }), "x is 3, not a section");
}

struct SyntaxError {
  const char* text;
  int line, column;  ///< of the last character of what does not fit, both from 1
};

class Syntax : public ::testing::TestWithParam<SyntaxError> {};

TEST_P(Syntax, ErrorNamesFileLineAndColumn) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", GetParam().text);
  expect_contains(user_error([&] { read_json_file(path.string()); }),
                  fmt::format("{}:{}:{}: ", path.string(), GetParam().line, GetParam().column));
}

INSTANTIATE_TEST_SUITE_P(
    Places, Syntax,
    ::testing::Values(SyntaxError{"", 1, 1},                               // nothing
                      SyntaxError{"x", 1, 1},                              // first character
                      SyntaxError{"\n\nx", 3, 1},                          // first of a line
                      SyntaxError{"{\"a\": 1,}", 1, 9},                    // trailing comma
                      SyntaxError{"{\n  \"a\": 1,\n  \"b\": x\n}", 3, 8},  // no literal
                      SyntaxError{"{\n  \"a\": 1\n  \"b\": 2\n}", 3, 5},   // missing comma
                      SyntaxError{"{\n  \"a\": \"x\n\"}", 2, 10},          // line end in a string
                      SyntaxError{"// note\n{\"a\": [1, 2}", 2, 12},       // wrong bracket
                      SyntaxError{"{\n\"a\": 1\n", 3, 1}));                // early end

// Found by the fuzzer: what is no UTF-8 could not be written to a run directory, what is nested too deep ends
// the stack, and a key may hold the end of a line.
TEST(Override, WhatCannotBeShownOrKeptIsAnError) {
  Json configuration = Json::object();
  const auto message = [&](const std::string& text) {
    return user_error([&] { apply_override(configuration, text); });
  };
  EXPECT_EQ(message("a=\xff"), "--set a: not UTF-8");
  expect_contains(message("a=" + std::string(200'000, '[')), "nested more than 100 deep");
  std::string path = "a";
  for (int i = 0; i < 200'000; ++i) path += ".a";
  expect_contains(message(path + "=1"), "nested more than 100 deep");
  expect_contains(message("a={\"b\": 1, \"b\": 2}"), "the key \"b\" comes twice");
  EXPECT_EQ(message("a\nb"), "--set a\\x0ab: expected section.key=value");
  expect_contains(user_error([] { read_json_text(std::string(200'000, '['), "FILE"); }),
                  "FILE: nested more than 100 deep");
  const Json odd = {{"a\nb", 1}};
  EXPECT_EQ(user_error([&] { FieldReader(odd, "trainer").finish(); }),
            "trainer.a\\x0ab: unknown key; known here: ");
}

TEST(ReadJson, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", "{\"a\": 1, \"b\": x}");
  expect_contains(user_error([&] { read_json_file(path.string()); }), "invalid literal");
}

TEST(ReadJson, CommentsAreAllowed) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", "// first\n{\"a\": 1 /* here */, // there\n \"b\": 2}");
  EXPECT_EQ(read_json_file(path.string()).dump(), R"({"a":1,"b":2})");
}

TEST(ReadJson, MissingFilesAndHugeNumbersAreErrors) {
  const TemporaryFolder folder;
  expect_contains(user_error([&] { read_json_file((folder / "none.json").string()); }),
                  "none.json: cannot be opened");
  const auto path = folder.write("huge.json", "{\"a\": 1e999}");
  expect_contains(user_error([&] { read_json_file(path.string()); }), "huge.json");
}

// The parser would keep one of the two values without a word.
TEST(ReadJson, AKeySaidTwiceIsRefused) {
  const TemporaryFolder folder;
  const auto file = folder.write("c.json", R"({"a": {"b": 1, "b": 2}})").string();
  expect_contains(user_error([&] { read_json_file(file); }), file + ": the key \"b\" comes twice");
  EXPECT_EQ(read_json_file(folder.write("d.json", R"({"a": {"b": 1}, "c": {"b": 2}})").string()).size(), 2u);
}

}  // namespace
}  // namespace ebm::testing
