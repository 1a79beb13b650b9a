#include "dualebm/datasets/npy.hpp"

#include <unistd.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "dualebm/datasets/files/npy_header.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// The bytes of a file with such a dictionary, padded as numpy.save does.
std::string npy(std::string dictionary, const std::string& data, int version = 1) {
  const std::size_t start = version == 1 ? 10 : 12;
  while ((start + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (std::size_t i = 8; i < start; ++i) bytes += static_cast<char>(dictionary.size() >> 8 * (i - 8) & 0xff);
  return bytes + dictionary + data;
}

template <class Number>
std::string raw(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

const std::string six = raw<double>({0, 1, 2, 3, 4, 5});

std::string header_error(const std::string& bytes) {
  return user_error([&] { parse_npy_header(bytes, "p.npy"); });
}

Dataset made_npy(const Json& options, std::int64_t dimension) {
  Json section = {{"name", "npy"}};
  section.update(options);
  Random random(1, "npy_test");
  return *standard_catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = std::make_shared<Euclidean>(dimension), .teacher = nullptr, .random = random});
}

// Written by numpy 1.24: numpy.save of numpy.arange(6.).reshape(3, 2), and of its float32 in version (3, 0).
TEST(NpyHeader, IsWhatNumpyWrites) {
  const auto header =
      parse_npy_header(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", six), "p");
  EXPECT_EQ(header.item_size, 8);
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(header.data_offset, 128U);
  for (const int version : {2, 3}) {
    const auto later =
        parse_npy_header(npy(dictionary("<f4", "(2, 1, 3)"), raw<float>({1, 2, 3, 4, 5, 6}), version), "p");
    EXPECT_EQ(later.item_size, 4);
    EXPECT_EQ(later.columns(), 3);
    EXPECT_EQ(later.data_offset, 128U);
  }
}

TEST(NpyHeader, IsAnyPythonLiteral) {
  const auto header =
      parse_npy_header(npy(R"({"shape":(3L,2L),"fortran_order":False,"descr":"<f8"})", six), "p");
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{3, 2}));
}

TEST(NpyHeader, WhatCannotBeMappedIsAnError) {
  EXPECT_EQ(header_error(npy(dictionary("|O", "(3, 2)"), "pickle")),
            "p.npy: an array of Python objects (dtype \"|O\"); float32 or float64, little-endian, is needed: "
            "a.astype(\"<f4\")");
  expect_contains(header_error(npy(dictionary(">f8", "(3, 2)"), six)),
                  "p.npy: big-endian numbers (dtype \">f8\")");
  expect_contains(header_error(npy(dictionary("<i8", "(3, 2)"), six)),
                  "not float32 or float64 numbers (dtype \"<i8\")");
  expect_contains(header_error(npy(dictionary("|u1", "(3, 2)"), "123456")), "(dtype \"|u1\")");
  expect_contains(
      header_error(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3, 2), }", six)),
      "an array of records");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(3, 2)", "True"), six)),
            "p.npy: in Fortran order; save numpy.ascontiguousarray(a)");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(6,)"), six)),
            "p.npy: has shape (6); rows of points need two sides or more");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "()"), six)),
            "p.npy: has shape (); rows of points need two sides or more");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(0, 2)"), "")),
            "p.npy: has shape (0, 2): there are no points in it");
}

TEST(NpyHeader, HeadersThatLieAreErrors) {
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(4, 2)"), six)),
            "p.npy: truncated: shape (4, 2) of float64 needs more than the 48 bytes of data");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(2, 2)"), six)),
            "p.npy: shape (2, 2) of float64 takes 32 bytes, the file has 48");
  // 2^32 · 2^32 · 8 is 0 in 64 bits, and 3 · 2^61 · 8 too.
  expect_contains(header_error(npy(dictionary("<f8", "(4294967296, 4294967296)"), "")), "truncated: shape");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2305843009213693952)"), six)), "truncated: shape");
  expect_contains(header_error(npy(dictionary("<f8", "(99999999999999999999, 2)"), six)),
                  "a length of the shape");
  expect_contains(header_error(npy(dictionary("<f8", "(-3, -2)"), six)), "a length of the shape");
}

TEST(NpyHeader, DamagedHeadersAreErrors) {
  EXPECT_EQ(header_error(""), "p.npy: not a NumPy .npy file");
  EXPECT_EQ(header_error("PK\x03\x04"), "p.npy: not a NumPy .npy file");
  const auto whole = npy(dictionary("<f8", "(3, 2)"), six);
  for (std::size_t length = 6; length < 128; ++length) {
    EXPECT_EQ(header_error(whole.substr(0, length)), "p.npy: the .npy file ends within its header") << length;
  }
  auto version = whole;
  version[6] = 4;
  EXPECT_EQ(header_error(version), "p.npy: .npy format 4.0 is not known; 1.0 to 3.0 are");
  EXPECT_EQ(
      header_error(npy("{'descr': '<f8', 'shape': (3, 2)}", six)),
      "p.npy: the .npy header is damaged: expected descr, fortran_order and shape, each once, found \"\"");
  expect_contains(header_error(npy("{'descr': '<f8', 'descr': '<f8'}", six)), "each once");
  expect_contains(header_error(npy("{'descr': '<f8", six)), "expected a closed string");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2"), six)), "expected");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2)", "0"), six)),
                  "expected True or False, found \"0");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2)") + "x", six)),
                  "expected nothing more, found \"x");
  auto unaligned = whole;
  unaligned.erase(127, 1);
  unaligned[8] -= 1;
  EXPECT_EQ(header_error(unaligned),
            "p.npy: numbers begin at byte 127, no multiple of 8; save it again with numpy.save");
}

TEST(Npy, PartsAreTheLastRowsInTheirOrder) {
  const TemporaryFolder folder;
  std::vector<double> numbers(20);
  for (int i = 0; i < 20; ++i) numbers[static_cast<std::size_t>(i)] = i;
  const auto path = folder.write("p.npy", npy(dictionary("<f8", "(10, 2)"), raw(numbers)));
  const auto parts = made_npy({{"path", path.string()}, {"validation_share", 0.2}, {"test_share", 0.1}}, 2);
  const auto all = torch::arange(20, torch::kDouble).view({10, 2});
  EXPECT_TRUE(torch::equal(parts.train, all.narrow(0, 0, 7)));
  EXPECT_TRUE(torch::equal(parts.validation, all.narrow(0, 7, 2)));
  EXPECT_TRUE(torch::equal(parts.test, all.narrow(0, 9, 1)));
  EXPECT_TRUE(parts.image.empty());
  EXPECT_EQ(parts.test.data_ptr<double>(), parts.train.data_ptr<double>() + 18);  // views of one mapping
}

TEST(Npy, KeepsTheTypeAndTheShapeOfImages) {
  const TemporaryFolder folder;
  const auto data = raw<float>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const auto grey = folder.write("grey.npy", npy(dictionary("<f4", "(2, 2, 3)"), data)).string();
  const auto colour = folder.write("colour.npy", npy(dictionary("<f4", "(1, 3, 2, 2)"), data)).string();
  const Json whole = {{"validation_share", 0}, {"test_share", 0}};
  auto options = whole;
  options["path"] = grey;
  const auto images = made_npy(options, 6);
  EXPECT_EQ(images.image, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(images.train.scalar_type(), torch::kFloat);
  EXPECT_EQ(images.train[1][0].item<float>(), 7);
  EXPECT_FALSE(images.test.defined());
  options["path"] = colour;
  EXPECT_EQ(made_npy(options, 12).image, (std::vector<std::int64_t>{3, 2, 2}));
}

TEST(Npy, PartsMayHaveFilesOfTheirOwn) {
  const TemporaryFolder folder;
  const auto train = folder.write("a.npy", npy(dictionary("<f8", "(3, 2)"), six)).string();
  const auto test = folder.write("b.npy", npy(dictionary("<f8", "(1, 2)"), raw<double>({8, 9}))).string();
  const auto parts =
      made_npy({{"path", train}, {"test_path", test}, {"validation_share", 0.34}, {"test_share", 0.5}}, 2);
  EXPECT_EQ(parts.train.size(0), 2);
  EXPECT_EQ(parts.validation[0][0].item<double>(), 4);
  EXPECT_EQ(parts.test[0][1].item<double>(), 9);
  const auto single = folder.write("c.npy", npy(dictionary("<f4", "(1, 2)"), raw<float>({8, 9}))).string();
  EXPECT_EQ(user_error([&] {
              made_npy({{"path", train}, {"validation_path", single}}, 2);
            }),
            "npy: " + single + " and dataset.path differ in dtype");
}

TEST(Npy, BadFilesAndOptionsAreErrors) {
  const TemporaryFolder folder;
  const auto message = [&](const Json& options, std::int64_t dimension) {
    return user_error([&] { made_npy(options, dimension); });
  };
  const auto path = folder.write("p.npy", npy(dictionary("<f8", "(3, 2)"), six)).string();
  EXPECT_EQ(message({{"path", path}}, 3),
            "npy: " + path + " has 2 columns of numbers, domain.dimension is 3; set domain.dimension=2");
  EXPECT_EQ(message({{"path", path}, {"validation_share", 0.5}, {"test_share", 0.5}}, 2),
            "dataset: no rows are left to train on");
  expect_contains(message({{"path", ""}}, 2), "dataset.path: missing");
  EXPECT_EQ(message({{"path", path + "x"}}, 2), path + "x: cannot be opened for reading");
  EXPECT_EQ(message({{"path", folder.path().string()}}, 2),
            folder.path().string() + ": cannot be opened for reading");
  EXPECT_EQ(message({{"path", folder.write("empty.npy", "").string()}}, 2),
            (folder / "empty.npy").string() + ": not a NumPy .npy file");
}

TEST(Npy, NumbersThatAreNotFiniteAreErrorsByTheirRow) {
  const TemporaryFolder folder;
  constexpr std::size_t rows = 1'500'000;  // more than one piece of the pass
  std::vector<float> numbers(2 * rows, 1);
  numbers[2 * 1'200'000 + 1] = -std::numeric_limits<float>::infinity();
  numbers[2 * 1'300'000] = std::numeric_limits<float>::quiet_NaN();
  const auto path = folder.write("p.npy", npy(dictionary("<f4", "(1500000, 2)"), raw(numbers))).string();
  EXPECT_EQ(user_error([&] { map_npy(path); }), path + ": row 1200000, number 1 of it (from 0) is -inf");
  const auto last = folder.write("q.npy", npy(dictionary("<f8", "(1, 2)"), raw<double>({0, NAN}))).string();
  EXPECT_EQ(user_error([&] { map_npy(last); }), last + ": row 0, number 1 of it (from 0) is nan");
}

/// Memory of this process that is in RAM, in bytes, by /proc/self/statm.
double resident() {
  std::ifstream file("/proc/self/statm");
  double total = 0, pages = 0;
  file >> total >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// A file of 128 MiB costs next to nothing: nothing is copied, and the pass over it leaves no pages behind.
TEST(Npy, ABigFileIsMappedAndNotCopied) {
  const TemporaryFolder folder;
  constexpr double size = 128.0 * (1 << 20);
  const auto path = folder.write("big.npy", npy(dictionary("<f4", "(2097152, 16)"), "")).string();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + static_cast<std::size_t>(size));
  const double before = resident();
  const auto parts = made_npy({{"path", path}}, 16);
  EXPECT_LT(resident() - before, size / 16);
  EXPECT_EQ(parts.train.sum().item<float>(), 0);
  EXPECT_GT(resident() - before, size / 2);  // reading brings the pages in: it is memory that was measured
}

// Whoever writes to a tensor of the data changes his own memory, and never the file or a later reader's data.
TEST(Npy, WritingToThePointsLeavesTheFileAlone) {
  const TemporaryFolder folder;
  const auto content = npy(dictionary("<f8", "(3, 2)"), six);
  const auto path = folder.write("p.npy", content);
  {
    auto points = map_npy(path.string());
    points.fill_(7);
    EXPECT_EQ(points.sum().item<double>(), 42);
  }
  EXPECT_EQ(read_file(path), content);
}

TEST(Npy, TheMappingLivesAsLongAsATensorOnIt) {
  const TemporaryFolder folder;
  auto row = map_npy(folder.write("p.npy", npy(dictionary("<f8", "(3, 2)"), six)).string())[2];
  std::filesystem::remove(folder / "p.npy");
  EXPECT_EQ(row[1].item<double>(), 5);
}

}  // namespace
}  // namespace ebm::testing
