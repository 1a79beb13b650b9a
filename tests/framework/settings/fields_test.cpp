#include "dualebm/framework/settings/fields.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// One option of every kind.
struct EveryKind {
  double step = 0.5;
  std::optional<double> cap = 3.0;
  std::int64_t count = 7;
  bool antithetic = true;
  std::string label = "none";
  std::string mode = "fast";
  std::vector<double> widths = {1, 2};
  std::vector<std::int64_t> sizes = {3};
  std::vector<std::vector<double>> means = {{1, 0}};
  std::vector<std::string> names = {"a"};
  Json nested = Json::object();
  void describe(Fields& fields) {
    fields.number("step", step, Range::positive(), "a step");
    fields.number("cap", cap, Range::at_least(0), "a cap");
    fields.integer("count", count, Range::between(1, 1e6), "a count");
    fields.boolean("antithetic", antithetic, "a switch");
    fields.text("label", label, "a text");
    fields.choice("mode", mode, {"fast", "exact"}, "a choice");
    fields.numbers("widths", widths, Range::positive(), "numbers");
    fields.integers("sizes", sizes, Range::at_least(1), "integers");
    fields.vectors("means", means, "vectors");
    fields.texts("names", names, "texts");
    fields.section("nested", nested, "a section");
  }
};

EveryKind read_every_kind(const char* text) {
  return read_options<EveryKind>(Json::parse(text), "room.part");
}

std::string refusal(const char* text) {
  return user_error([&] { read_every_kind(text); });
}

TEST(FieldReader, TakesDefaultsWhereAKeyIsAbsent) {
  const auto options = read_every_kind(R"({"step": 0.25})");
  EXPECT_EQ(options.step, 0.25);
  EXPECT_EQ(options.count, 7);
  EXPECT_EQ(options.mode, "fast");
}

TEST(FieldReader, ReadsEveryKind) {
  const auto options =
      read_every_kind(R"({"step": 2, "cap": 1.5, "count": 9, "antithetic": false, "label": "x",
      "mode": "exact", "widths": [0.5], "sizes": [], "means": [[1, 2], [3, 4]], "nested": {"a": [1]}})");
  EXPECT_EQ(options.step, 2.0);
  EXPECT_EQ(options.cap, 1.5);
  EXPECT_EQ(options.count, 9);
  EXPECT_FALSE(options.antithetic);
  EXPECT_EQ(options.label, "x");
  EXPECT_EQ(options.mode, "exact");
  EXPECT_EQ(options.widths, std::vector<double>{0.5});
  EXPECT_TRUE(options.sizes.empty());
  EXPECT_EQ(options.means, (std::vector<std::vector<double>>{{1, 2}, {3, 4}}));
  EXPECT_EQ(options.nested["a"][0], 1);
}

// `--set dataset.label=2` is JSON's number 2 by then, and the label is the text.
TEST(FieldReader, WholeNumbersAndBooleansAreTextsWhereTextsAreWanted) {
  EXPECT_EQ(read_every_kind(R"({"label": 2})").label, "2");
  EXPECT_EQ(read_every_kind(R"({"label": -17})").label, "-17");
  EXPECT_EQ(read_every_kind(R"({"label": true})").label, "true");
}

TEST(FieldReader, TextsAreAnArrayOrDividedByCommas) {
  const auto names = [](const char* text) { return read_every_kind(text).names; };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(names(R"({"names": ["a,b", "c"]})"), (Texts{"a,b", "c"}));
  EXPECT_EQ(names(R"({"names": "lat, lon ,depth km"})"), (Texts{"lat", "lon", "depth km"}));
  EXPECT_EQ(names(R"({"names": "lat"})"), Texts{"lat"});
  EXPECT_EQ(names(R"({"names": 2})"), Texts{"2"});
  EXPECT_EQ(names(R"({"names": [2, "x"]})"), (Texts{"2", "x"}));
  EXPECT_EQ(names(R"({"names": ",a"})"), (Texts{"", "a"}));
  EXPECT_EQ(names(R"({"names": ""})"), Texts{});
  EXPECT_EQ(names(R"({"names": []})"), Texts{});
  expect_contains(refusal(R"({"names": null})"), "room.part.names: expected an array of strings, found null");
  expect_contains(refusal(R"({"names": [[]]})"), "room.part.names[0]: expected a string, found []");
}

TEST(FieldReader, UnknownKeyNamesThePathAndTheNearestName) {
  const auto message = refusal(R"({"stpe": 1})");
  for (const char* part : {"room.part.stpe: unknown key", "did you mean \"step\"?", "antithetic"}) {
    expect_contains(message, part);
  }
  EXPECT_EQ(refusal(R"({"qqqqqqqq": 1})").find("did you mean"), std::string::npos);
}

TEST(FieldReader, WrongTypesNameKeyValueAndWhatIsAllowed) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"step": "big"})", "room.part.step: expected a number > 0, found \"big\" (string)"},
      {R"({"step": null})", "room.part.step: expected a number > 0, found null (null)"},
      {R"({"step": true})", "room.part.step: expected a number > 0, found true (boolean)"},
      {R"({"cap": []})", "room.part.cap: expected a number >= 0, found [] (array)"},
      {R"({"count": 1.5})", "room.part.count: expected an integer in [1, 1e+06], found 1.5 (number)"},
      {R"({"count": "3"})", "room.part.count: expected an integer"},
      {R"({"antithetic": 1})", "room.part.antithetic: expected true or false, found 1 (number)"},
      {R"({"label": 1.50})",
       "room.part.label: expected a string: a number between quotes, \"...\", found 1.5 (number)"},
      {R"({"label": [3]})", "room.part.label: expected a string, found [3] (array)"},
      {R"({"mode": 3})", "room.part.mode: expected one of fast, exact, found 3 (number)"},
      {R"({"widths": 3})", "room.part.widths: expected an array of numbers, found 3 (number)"},
      {R"({"sizes": 3})", "room.part.sizes: expected an array of integers"},
      {R"({"means": 3})", "room.part.means: expected an array of vectors, found 3 (number)"},
  };
  for (const auto& [text, message] : cases) expect_contains(refusal(text), message);
  expect_contains(user_error([] { read_options<EveryKind>(Json(3), "room"); }),
                  "room: expected an object, found 3");
}

TEST(FieldReader, OutOfRangeNamesTheRange) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"step": 0})", "room.part.step: expected a number > 0, found 0"},
      {R"({"cap": -1})", "room.part.cap: expected a number >= 0, found -1"},
      {R"({"count": 0})", "room.part.count: expected an integer in [1, 1e+06], found 0"},
      {R"({"count": 1000001})", "room.part.count"},
      {R"({"mode": "exat"})", "did you mean \"exact\"?"},
  };
  for (const auto& [text, message] : cases) expect_contains(refusal(text), message);
}

TEST(FieldReader, ThePathLeadsIntoArrays) {
  expect_contains(refusal(R"({"widths": [1, 2, -3]})"),
                  "room.part.widths[2]: expected a number > 0, found -3");
  expect_contains(refusal(R"({"means": [[1, 2], 5]})"),
                  "room.part.means[1]: expected an array of numbers, found 5");
  expect_contains(refusal(R"({"means": [[1, 2], [3, "y"]]})"), "room.part.means[1][1]: expected a number");
}

TEST(FieldReader, AtTheTopThePathIsTheKey) {
  const auto message = user_error([] { read_options<EveryKind>(Json{{"count", 0}}, ""); });
  EXPECT_EQ(message.rfind("count: expected", 0), 0U) << message;
}

TEST(FieldReader, WholeNumbersInFloatingPointNotationAreIntegers) {
  EXPECT_EQ(read_every_kind(R"({"count": 1e4})").count, 10000);
  EXPECT_EQ(read_every_kind(R"({"count": 12.0})").count, 12);
}

/// Integers without an upper bound, as `iterations` and `seed` are.
struct OpenInteger {
  std::int64_t value = 0;
  void describe(Fields& fields) { fields.integer("value", value, Range::at_least(0), "a count"); }
};

// 2^64 - 1 passes a check in double and becomes -1 in 64 bits.
TEST(FieldReader, IntegersThatDoNotFitAreRefused) {
  EXPECT_EQ(read_options<OpenInteger>(Json::parse(R"({"value": 9007199254740993})"), "").value,
            9007199254740993);
  for (const char* text :
       {R"({"value": 18446744073709551615})", R"({"value": 9223372036854775808})", R"({"value": 1e300})"}) {
    expect_contains(user_error([&] { read_options<OpenInteger>(Json::parse(text), "loop"); }), "loop.value");
  }
}

struct WithFiles {
  std::string diary = "diary.txt", none;
  void describe(Fields& fields) {
    fields.path("diary", diary, "has a default");
    fields.path("none", none, "has none");
  }
};

// What is resolved in one folder and read in another names the same file, whether it was given or left out.
TEST(FieldReader, APathIsAbsoluteThoughItWasLeftOut) {
  auto options = read_options<WithFiles>(Json::object(), "room.part");
  EXPECT_EQ(options.diary, (std::filesystem::current_path() / "diary.txt").string());
  EXPECT_EQ(options.none, "");
  Json resolved = Json::object();
  FieldWriter writer(resolved);
  options.describe(writer);
  const auto given = read_options<WithFiles>(Json{{"diary", "diary.txt"}}, "room.part");
  EXPECT_EQ(resolved["diary"], given.diary);
}

TEST(FieldReader, NullEmptiesAnOptional) {
  EXPECT_FALSE(read_every_kind(R"({"cap": null})").cap.has_value());
  EXPECT_EQ(read_every_kind("{}").cap, 3.0);
}

TEST(FieldWriter, WritesWhatReadsBackTheSame) {
  auto options = read_every_kind(
      R"({"step": 0.1, "cap": null, "count": 1e3, "means": [[0.1, 0.2]], "nested": {"a": 1}})");
  Json first = Json::object(), second = Json::object();
  FieldWriter writer(first);
  options.describe(writer);
  auto again = read_options<EveryKind>(first, "");
  FieldWriter rewriter(second);
  again.describe(rewriter);
  EXPECT_EQ(first.dump(), second.dump());
  EXPECT_TRUE(first["cap"].is_null());
  EXPECT_EQ(first["step"].get<double>(), 0.1);
}

TEST(NearestName, TakesTheClosestThatIsCloseEnough) {
  EXPECT_EQ(nearest_name("iteration", {"iterations", "seconds"}), "iterations");
  EXPECT_EQ(nearest_name("particel_step", {"weight_step", "particle_step"}), "particle_step");
  EXPECT_EQ(nearest_name("banana", {"iterations", "seconds"}), std::nullopt);
}

}  // namespace
}  // namespace ebm::testing
