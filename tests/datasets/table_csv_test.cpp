#include "dualebm/datasets/table_csv.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/gzip.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

const Json everything_to_train_on = {{"name", "table_csv"}, {"validation_share", 0}, {"test_share", 0}};

/// The dataset of such a file; `options` replace the defaults.
Dataset table(const std::filesystem::path& path, Json options, std::int64_t dimension) {
  Json section = everything_to_train_on;
  section["path"] = path.string();
  if (!options.is_null()) section.update(options);
  Random random(1, "table_csv_test");
  return *standard_catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = std::make_shared<Euclidean>(dimension), .teacher = nullptr, .random = random});
}

/// Rows in the order of their first number: training rows are shuffled.
torch::Tensor sorted(const torch::Tensor& points) {
  return points.index_select(0, points.select(1, 0).argsort());
}

torch::Tensor rows_of(const std::string& content, const Json& options, std::int64_t dimension) {
  const TemporaryFolder folder;
  return sorted(table(folder.write("t.csv", content), options, dimension).train);
}

/// The message, FILE for the path.
std::string table_error(const std::string& content, const Json& options, std::int64_t dimension) {
  const TemporaryFolder folder;
  const auto path = folder.write("t.csv", content);
  auto message = user_error([&] { table(path, options, dimension); });
  if (const auto at = message.find(path.string()); at != std::string::npos)
    message.replace(at, path.string().size(), "FILE");
  return message;
}

TEST(TableCsv, EveryColumnIsACoordinateInTheOrderOfTheFile) {
  EXPECT_TRUE(torch::equal(rows_of("b,a\n1,2\n3,-4e-1\n", {}, 2),
                           torch::tensor({{1., 2.}, {3., -0.4}}, torch::kDouble)));
}

TEST(TableCsv, TheLabelIsNoCoordinate) {
  const std::string content = "x,kind,y\n1,cat,2\n3,dog,4\n5,\"cat\",6\n";
  EXPECT_TRUE(torch::equal(rows_of(content, {{"label", "kind"}}, 2),
                           torch::tensor({{1., 2.}, {3., 4.}, {5., 6.}}, torch::kDouble)));
  EXPECT_TRUE(torch::equal(rows_of(content, {{"label", "kind"}, {"keep_label", "cat"}}, 2),
                           torch::tensor({{1., 2.}, {5., 6.}}, torch::kDouble)));
}

TEST(TableCsv, WithoutAHeaderTheFirstLineIsARow) {
  EXPECT_TRUE(torch::equal(rows_of("1,2,0\n3,4,1\n", {{"header", false}, {"label", "x2"}}, 2),
                           torch::tensor({{1., 2.}, {3., 4.}}, torch::kDouble)));
}

TEST(TableCsv, IsReadThroughGzip) {
  EXPECT_TRUE(torch::equal(rows_of(gzip("a\n1\n2\n"), {}, 1), torch::tensor({{1.}, {2.}}, torch::kDouble)));
}

TEST(TableCsv, RowsMayBeImages) {
  const TemporaryFolder folder;
  const auto path = folder.write("t.csv", "a,b,c,d,e,f\n1,2,3,4,5,6\n");
  EXPECT_EQ(table(path, {{"image", {1, 2, 3}}}, 6).image, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_TRUE(table(path, {}, 6).image.empty());
}

// A split of its own would compare a run with another one's test rows.
TEST(TableCsv, SplitsAsEveryFileDoes) {
  const TemporaryFolder folder;
  std::string content = "a\n";
  for (int i = 0; i < 100; ++i) content += std::to_string(i) + "\n";
  const auto parts =
      table(folder.write("t.csv", content), {{"test_share", 0.25}, {"validation_share", 0.1}}, 1);
  Random random(1, "table_csv_test");
  const auto expected = split_rows(torch::arange(100, torch::kDouble).unsqueeze(1),
                                   {.validation_share = 0.1, .test_share = 0.25}, random);
  EXPECT_TRUE(torch::equal(parts.train, expected.train));
  EXPECT_TRUE(torch::equal(parts.validation, expected.validation));
  EXPECT_TRUE(torch::equal(parts.test, expected.test));
}

TEST(TableCsv, BadFilesAndOptionsAreErrors) {
  EXPECT_EQ(table_error("a,b,c\n1,2,3\n", {}, 2),
            "table_csv: FILE has 3 columns of numbers, domain.dimension is 2; set domain.dimension=3");
  EXPECT_EQ(table_error("a,b,c\n1,2,3\n", {{"label", "b"}}, 3),
            "table_csv: FILE has 2 columns of numbers, domain.dimension is 3; set domain.dimension=2");
  EXPECT_EQ(table_error("a,b\n1,2\n3,NA\n", {}, 2),
            "FILE:3: b is missing (\"NA\"); 1 of 2 rows has gaps; dataset.missing=drop leaves such rows out");
  EXPECT_EQ(table_error("a,b\n1,2\n3,four\n", {}, 2), "FILE:3: b is not a finite number: \"four\"");
  EXPECT_EQ(table_error("1,2\n,4\n", {{"header", false}}, 2),
            "FILE:2: x0 is missing (\"\"); 1 of 2 rows has gaps; dataset.missing=drop leaves such rows out");
  EXPECT_EQ(table_error("a,b\n", {}, 2), "FILE: no rows after the header");
  EXPECT_EQ(table_error("a,b\n1,2\n", {{"label", "kind"}}, 1), "FILE: no column kind; the header has a, b");
  EXPECT_EQ(table_error("a,k\n1,u\n1,v\n1,u\n", {{"label", "k"}, {"keep_label", "w"}}, 1),
            "FILE: no row has the label \"w\"; some that occur: u, v");
  EXPECT_EQ(table_error("a,k\n1,u\n", {{"keep_label", "u"}}, 2),
            "dataset.keep_label: \"u\" is given, but no dataset.label");
  EXPECT_EQ(
      table_error("a,b\n1,2\n", {{"image", {1, 2, 2}}}, 2),
      "table_csv: dataset.image is [channels, height, width] of the 2 columns of FILE, found [1, 2, 2]");
  EXPECT_EQ(table_error("a,b\n1,2\n", {{"image", {1, 2}}}, 2),
            "table_csv: dataset.image is [channels, height, width] of the 2 columns of FILE, found [1, 2]");
  EXPECT_EQ(table_error("", {{"path", ""}}, 2),
            "dataset.path: missing; give a file, e.g. --set dataset.path=table.csv");
}

// Read as a header, the first row would be lost in silence.
TEST(TableCsv, ARowOfNumbersIsNoHeader) {
  EXPECT_TRUE(
      torch::equal(rows_of("1.5,2\n3,4\n", {}, 2), torch::tensor({{1.5, 2.}, {3., 4.}}, torch::kDouble)));
  EXPECT_EQ(
      table_error("0,1\n3,4\n", {}, 2),
      "FILE:1: 0, 1, 2, ... may be names of columns or a row of numbers; say which: dataset.header=true or "
      "dataset.header=false");
  EXPECT_TRUE(
      torch::equal(rows_of("0,1\n3,4\n", {{"header", true}}, 2), torch::tensor({{3., 4.}}, torch::kDouble)));
}

// What a message advises must work when it is done, one message after the other.
TEST(TableCsv, AdviceWorksWhenItIsFollowed) {
  const std::string content = "id;place;x;y\n1;Rome;1,5;2\n2;Athens;2,5;?\n3;Bari;3,5;4\n";
  Json options = Json::object();
  EXPECT_EQ(table_error(content, options, 2),
            "FILE: the column place holds text (\"Rome\"); leave it out: --set dataset.drop=place, or make "
            "it the label: --set "
            "dataset.label=place");
  options["drop"] = "place";
  EXPECT_EQ(table_error(content, options, 2),
            "table_csv: FILE has 3 columns of numbers, domain.dimension is 2; set domain.dimension=3");
  EXPECT_EQ(table_error(content, options, 3),
            "FILE:3: y is missing (\"?\"); 1 of 3 rows has gaps; dataset.missing=drop leaves such rows out");
  options["missing"] = "drop";
  EXPECT_TRUE(torch::equal(rows_of(content, options, 3),
                           torch::tensor({{1., 1.5, 2.}, {3., 3.5, 4.}}, torch::kDouble)));
}

TEST(TableCsv, SaysWhatItReadAndHowManyColumns) {
  const TemporaryFolder folder;
  const auto path = folder.write("t.csv", "lat;lon;kind\n1,5;2;a\n3;4;b\n");
  const auto parts = table(path, {{"label", "KIND"}}, 2);
  EXPECT_EQ(parts.origin, "2 rows, \";\", decimal comma, header, columns lat, lon, label kind");
  EXPECT_EQ(parts.columns, (std::vector<std::string>{"lat", "lon"}));
  TableCsvOptions options;
  options.path = path.string();
  options.label = "kind";
  EXPECT_EQ(columns_of(options), (std::vector<std::string>{"lat", "lon"}));
}

// A split file counts the rows of the file, whatever is left out of them.
TEST(TableCsv, ASplitCountsRowsBeforeOthersAreLeftOut) {
  const TemporaryFolder folder;
  const auto path = folder.write("t.csv", "a,k\n10,u\n11,v\n12,u\n,u\n14,u\n");
  const auto split = folder.write("s.csv", "row,split\n0,train\n1,train\n2,test\n3,test\n4,val\n").string();
  const auto parts =
      table(path, {{"label", "k"}, {"keep_label", "u"}, {"missing", "drop"}, {"split", split}}, 1);
  EXPECT_EQ(parts.train.item<double>(), 10);
  EXPECT_EQ(parts.test.item<double>(), 12);
  EXPECT_EQ(parts.validation.item<double>(), 14);
  const auto short_split = folder.write("u.csv", "row,split\n0,train\n4,val\n").string();
  expect_contains(
      user_error([&] {
        table(path, {{"label", "k"}, {"keep_label", "u"}, {"missing", "drop"}, {"split", short_split}}, 1);
      }),
      "u.csv: row 2 of the data has no split");
  const auto long_split = folder.write("w.csv", "row,split\n0,train\n2,train\n4,val\n5,test\n").string();
  expect_contains(
      user_error([&] {
        table(path, {{"label", "k"}, {"keep_label", "u"}, {"missing", "drop"}, {"split", long_split}}, 1);
      }),
      "w.csv:5: row 5 is not one of the data's rows 0 to 4");
}

}  // namespace
}  // namespace ebm::testing
