#include "dualebm/datasets/split.hpp"

#include <algorithm>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Row i of the data is the number i, so that a part shows which rows it has.
torch::Tensor numbered_rows(std::int64_t count) { return torch::arange(count, torch::kDouble).unsqueeze(1); }

Dataset split_with(std::int64_t rows, const SplitOptions& options, std::uint64_t seed = 1) {
  Random random(seed, "split_test");
  return split_rows(numbered_rows(rows), options, random);
}

std::vector<double> rows_of(const torch::Tensor& part) {
  if (!part.defined()) return {};
  const auto flat = part.flatten().contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

std::string split_file_error(const std::string& content) {
  const TemporaryFolder folder;
  const auto path = folder.write("FILE", content);
  const auto message = user_error([&] { split_with(3, {.split = path.string()}); });
  return message.starts_with(path.string()) ? message.substr(folder.path().string().size() + 1) : message;
}

TEST(SplitFile, RowsGoWhereItSays) {
  const TemporaryFolder folder;
  const auto path = folder.write("split.csv", "row,split\n3,test\n0,train\n1,val\n2,train\n4,validation\n");
  const auto parts = split_with(5, {.split = path.string()});
  EXPECT_EQ(rows_of(parts.train), (std::vector<double>{0, 2}));
  EXPECT_EQ(rows_of(parts.validation), (std::vector<double>{1, 4}));
  EXPECT_EQ(rows_of(parts.test), (std::vector<double>{3}));
}

TEST(SplitFile, PartsWithoutRowsAreUndefined) {
  const TemporaryFolder folder;
  const auto parts =
      split_with(2, {.split = folder.write("split.csv", "row,split\n0,train\n1,train\n").string()});
  EXPECT_FALSE(parts.validation.defined());
  EXPECT_FALSE(parts.test.defined());
}

TEST(SplitFile, BadRowsAreErrors) {
  EXPECT_EQ(split_file_error("row,split\n0,train\n1,val\n1,test\n2,test\n"), "FILE:4: row 1 comes twice");
  EXPECT_EQ(split_file_error("row,split\n0,train\n3,val\n"),
            "FILE:3: row 3 is not one of the data's rows 0 to 2");
  EXPECT_EQ(split_file_error("row,split\n-1,train\n"), "FILE:2: row -1 is not one of the data's rows 0 to 2");
  EXPECT_EQ(split_file_error("row,split\n0.5,train\n"),
            "FILE:2: row 0.5 is not one of the data's rows 0 to 2");
  EXPECT_EQ(split_file_error("row,split\n0,train\n1,dev\n"),
            "FILE:3: split is train, val or test, found \"dev\"");
  EXPECT_EQ(split_file_error("row,split\n0,\n"), "FILE:2: split is train, val or test, found \"\"");
  EXPECT_EQ(split_file_error("row,split\nfirst,train\n"), "FILE:2: row is not a finite number: \"first\"");
  EXPECT_EQ(split_file_error("row,part\n0,train\n"), "FILE: no column split; the header has row, part");
}

// A row that the file forgets must not be dropped in silence. No line of the file is to blame.
TEST(SplitFile, MissingRowIsAnError) {
  EXPECT_EQ(split_file_error("row,split\n0,train\n2,train\n"), "FILE: row 1 of the data has no split");
}

TEST(SplitFile, NothingToTrainOnIsAnError) {
  EXPECT_EQ(split_file_error("row,split\n0,test\n1,test\n2,val\n"), "dataset: no rows are left to train on");
}

TEST(RandomSplit, IsAPartition) {
  for (const std::int64_t rows : {1, 7, 100, 1001}) {
    const auto parts = split_with(rows, {.validation_share = 0.2, .test_share = 0.3});
    std::vector<double> all;
    for (const auto& part : {parts.train, parts.validation, parts.test}) {
      const auto some = rows_of(part);
      all.insert(all.end(), some.begin(), some.end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, rows_of(numbered_rows(rows))) << rows;
  }
}

TEST(RandomSplit, SharesAreAsAsked) {
  const auto parts = split_with(1000, {.validation_share = 0.25, .test_share = 0.1});
  EXPECT_EQ(parts.train.size(0), 650);
  EXPECT_EQ(parts.validation.size(0), 250);
  EXPECT_EQ(parts.test.size(0), 100);
}

TEST(RandomSplit, NoSharesLeaveAllToTrainOn) {
  const auto parts = split_with(10, {.validation_share = 0, .test_share = 0});
  EXPECT_EQ(rows_of(parts.train), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) << "as in the file";
  EXPECT_FALSE(parts.validation.defined());
  EXPECT_FALSE(parts.test.defined());
}

TEST(RandomSplit, DependsOnTheSeedAlone) {
  EXPECT_EQ(rows_of(split_with(100, {}, 5).test), rows_of(split_with(100, {}, 5).test));
  EXPECT_NE(rows_of(split_with(100, {}, 5).test), rows_of(split_with(100, {}, 6).test));
}

// The first rows of a catalogue are its oldest: parts cut off in order would differ in law. The mean of 500
// of 1000 rows drawn without replacement has standard error 1000 / sqrt(12 · 500) · sqrt(1/2) = 9.1.
TEST(RandomSplit, IsShuffled) {
  const auto parts = split_with(1000, {.validation_share = 0, .test_share = 0.5});
  EXPECT_NEAR(parts.test.mean().item<double>(), 499.5, 4 * 9.1);
}

TEST(RandomSplit, ImpossibleSharesAreErrors) {
  const auto message = [](std::int64_t rows, const SplitOptions& options) {
    return user_error([&] { split_with(rows, options); });
  };
  expect_contains(message(10, {.validation_share = 0.5, .test_share = 0.5}), "must be below 1, got 1");
  expect_contains(message(1, {.validation_share = 0, .test_share = 0.9}), "no rows are left to train on");
}

// A part that is a view of the data would change with it.
TEST(RandomSplit, PartsAreCopies) {
  auto data = numbered_rows(10);
  Random random(1, "split_test");
  const auto parts = split_rows(data, {.validation_share = 0, .test_share = 0}, random);
  data.zero_();
  EXPECT_EQ(parts.train.sum().item<double>(), 45);
}

}  // namespace
}  // namespace ebm::testing
