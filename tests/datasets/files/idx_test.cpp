#include "dualebm/datasets/files/idx.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values, char type = 0x08) {
  std::string bytes = {0, 0, type, static_cast<char>(shape.size())};
  for (const auto side : shape) {
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(side >> shift & 0xff);
  }
  return bytes + values;
}

std::string idx_error(const std::string& bytes, std::size_t sides = 3) {
  return user_error([&] { parse_idx(bytes, "p.idx", sides, sides); });
}

Dataset made_idx(const Json& options, std::int64_t dimension) {
  Json section = {{"name", "idx"}, {"validation_share", 0}, {"test_share", 0}};
  section.update(options);
  Random random(1, "idx_test");
  return *standard_catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = std::make_shared<Euclidean>(dimension), .teacher = nullptr, .random = random});
}

/// Three images of one line and two pixels.
const std::string three = idx({3, 1, 2}, std::string("\x00\x01\x80\xff\x07\x08", 6));

TEST(Idx, ImagesAreRowsOfNumbersFrom0To255) {
  const TemporaryFolder folder;
  for (const auto& content : {three, gzip(three)}) {
    const auto images = made_idx({{"images", folder.write("images", content).string()}}, 2);
    EXPECT_EQ(images.image, (std::vector<std::int64_t>{1, 1, 2}));
    EXPECT_EQ(images.train.scalar_type(), torch::kDouble);
    EXPECT_TRUE(torch::equal(images.train.index_select(0, images.train.select(1, 0).argsort()),
                             torch::tensor({{0., 1.}, {7., 8.}, {128., 255.}}, torch::kDouble)));
  }
}

TEST(Idx, OneClassMayBeKept) {
  const TemporaryFolder folder;
  const auto images = folder.write("images", three).string();
  const auto labels = folder.write("labels", idx({3}, "\x03\x09\x03")).string();
  const auto kept = made_idx({{"images", images}, {"labels", labels}, {"keep_label", "9"}}, 2);
  EXPECT_TRUE(torch::equal(kept.train, torch::tensor({{128., 255.}}, torch::kDouble)));
  EXPECT_EQ(made_idx({{"images", images}, {"labels", labels}}, 2).train.size(0), 3);
  EXPECT_EQ(user_error([&] {
              made_idx({{"images", images}, {"labels", labels}, {"keep_label", "4"}}, 2);
            }),
            labels + ": no image has the label \"4\"; those that occur: 3, 9");
  EXPECT_EQ(user_error([&] {
              made_idx({{"images", images}, {"keep_label", "4"}}, 2);
            }),
            "dataset.keep_label: \"4\" is given, but no dataset.labels");
}

TEST(Idx, ImagesOfSeveralLinesAreReadLineByLine) {
  const auto array = parse_idx(idx({1, 2, 3}, "abcdef"), "p.idx", 2, 4);
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(array.values, "abcdef");
  // A length with its highest bit set is no negative number.
  expect_contains(idx_error(idx({0x80000001, 1, 1}, "x")), "shape (2147483649, 1, 1)");
}

TEST(Idx, EveryTypeHasItsMostSignificantByteFirst) {
  const std::vector<std::tuple<char, std::string, double, double>> types = {
      {0x08, std::string("\xff\x02", 2), 255, 2},
      {0x09, std::string("\xff\x02", 2), -1, 2},
      {0x0b, std::string("\xff\xfe\x01\x02", 4), -2, 258},
      {0x0c, std::string("\xff\xff\xff\xfd\0\1\0\2", 8), -3, 65538},
      {0x0d, std::string("\xbf\xc0\0\0\x40\x20\0\0", 8), -1.5, 2.5},
      {0x0e, std::string("\xbf\xf8\0\0\0\0\0\0\x40\x04\0\0\0\0\0\0", 16), -1.5, 2.5}};
  const TemporaryFolder folder;
  for (const auto& [type, values, first, second] : types) {
    const auto images = folder.write("images", idx({1, 1, 2}, values, type)).string();
    EXPECT_TRUE(torch::equal(made_idx({{"images", images}}, 2).train,
                             torch::tensor({{first, second}}, torch::kDouble)));
    const auto rows = folder.write("rows", idx({1, 2}, values, type)).string();
    EXPECT_TRUE(made_idx({{"images", rows}}, 2).image.empty());
  }
}

// EMNIST has lines for columns.
TEST(Idx, ImagesMayBeTransposed) {
  const TemporaryFolder folder;
  const auto images = folder.write("images", idx({1, 2, 3}, std::string("\1\2\3\4\5\6", 6))).string();
  const auto turned = made_idx({{"images", images}, {"transpose", true}}, 6);
  EXPECT_EQ(turned.image, (std::vector<std::int64_t>{1, 3, 2}));
  EXPECT_TRUE(torch::equal(turned.train, torch::tensor({{1., 4., 2., 5., 3., 6.}}, torch::kDouble)));
  const auto rows = folder.write("rows", idx({1, 2}, "ab")).string();
  expect_contains(user_error([&] { made_idx({{"images", rows}, {"transpose", true}}, 2); }), "are no images");
}

// Rows of a split are counted in the file, not among those of one class.
TEST(Idx, ASplitCountsImagesBeforeOthersAreLeftOut) {
  const TemporaryFolder folder;
  const auto images = folder.write("images", three).string();
  const auto labels = folder.write("labels", idx({3}, "\x03\x09\x03")).string();
  const auto split = folder.write("s.csv", "row,split\n0,test\n1,train\n2,train\n").string();
  const auto parts =
      made_idx({{"images", images}, {"labels", labels}, {"keep_label", "3"}, {"split", split}}, 2);
  EXPECT_TRUE(torch::equal(parts.train, torch::tensor({{7., 8.}}, torch::kDouble)));
  EXPECT_TRUE(torch::equal(parts.test, torch::tensor({{0., 1.}}, torch::kDouble)));
}

TEST(Idx, BadFilesAreErrors) {
  EXPECT_EQ(idx_error(""), "p.idx: not an IDX file: it must begin with two zero bytes");
  EXPECT_EQ(idx_error("text"), "p.idx: not an IDX file: it must begin with two zero bytes");
  EXPECT_EQ(idx_error("\x89PNG"), "p.idx: a PNG picture; a table or an array of numbers is needed");
  EXPECT_EQ(idx_error(idx({1, 1, 1}, "abcd", 0x0a)),
            "p.idx: values of type 0x0a; 0x08 (unsigned byte), 0x09 (signed byte), 0x0b (int16), 0x0c "
            "(int32), 0x0d "
            "(float32) and 0x0e (float64) are known");
  EXPECT_EQ(idx_error(idx({3}, "abc")), "p.idx: an array with 1 side; 3 is needed");
  EXPECT_EQ(idx_error(idx({3, 1, 1}, "abc"), 1), "p.idx: an array with 3 sides; 1 is needed");
  EXPECT_EQ(user_error([] { parse_idx(idx({3}, "abc"), "p.idx", 2, 4); }),
            "p.idx: an array with 1 side; 2 to 4 are needed");
  EXPECT_EQ(idx_error(idx({1, 1, 2}, std::string("\x3f\x80\0\0\x7f\xc0\0\0", 8), 0x0d)),
            "p.idx: value 1 (from 0) is nan");
  for (std::size_t length = 4; length < 16; ++length)
    EXPECT_EQ(idx_error(three.substr(0, length)), "p.idx: truncated: the file ends within its header");
  EXPECT_EQ(idx_error(three.substr(0, three.size() - 1)),
            "p.idx: truncated: shape (3, 1, 2) needs more than the 5 bytes of values");
  EXPECT_EQ(idx_error(three + "x"), "p.idx: shape (3, 1, 2) takes 6 bytes, the file has 7");
  EXPECT_EQ(idx_error(idx({3, 0, 2}, "")), "p.idx: has shape (3, 0, 2): there is nothing in it");
  // 2^31 · 2^31 · 4 is 0 in 64 bits.
  expect_contains(idx_error(idx({0x80000000, 0x80000000, 4}, "")), "truncated: shape");
}

TEST(Idx, BadTogetherAreErrors) {
  const TemporaryFolder folder;
  const auto images = folder.write("images", three).string();
  const auto labels = folder.write("labels", idx({2}, "ab")).string();
  EXPECT_EQ(user_error([&] {
              made_idx({{"images", images}, {"labels", labels}}, 2);
            }),
            labels + ": 2 labels, but 3 images in " + images);
  EXPECT_EQ(user_error([&] {
              made_idx({{"images", images}}, 3);
            }),
            "idx: " + images + " has 2 columns of numbers, domain.dimension is 3; set domain.dimension=2");
  expect_contains(user_error([&] { made_idx({{"images", ""}}, 2); }), "dataset.images: missing");
  const auto packed = gzip(three);
  const auto cut = folder.write("cut", packed.substr(0, packed.size() - 9)).string();
  EXPECT_EQ(user_error([&] {
              made_idx({{"images", cut}}, 2);
            }),
            cut + ": the gzip data end early: the file is not whole");
}

}  // namespace
}  // namespace ebm::testing
