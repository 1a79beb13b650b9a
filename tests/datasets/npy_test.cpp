#include "dualebm/datasets/npy.hpp"

#include <unistd.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/gzip.hpp"
#include "tests/support/npy.hpp"
#include "tests/support/support.hpp"
#include "tests/support/zip.hpp"

namespace ebm::testing {
namespace {

const std::string six = raw<double>({0, 1, 2, 3, 4, 5});

Dataset made_npy(const Json& options, std::int64_t dimension) {
  Json section = {{"name", "npy"}};
  section.update(options);
  Random random(1, "npy_test");
  return *standard_catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = std::make_shared<Euclidean>(dimension), .teacher = nullptr, .random = random});
}

std::string numbered(std::int64_t rows) {
  std::vector<double> numbers(static_cast<std::size_t>(2 * rows));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
  return npy(dictionary("<f8", fmt::format("({}, 2)", rows)), raw(numbers));
}

// A file that is sorted by time or class must not be split in its order: its last rows follow another law.
// The same seed draws the same rows of every format.
TEST(Npy, SplitsAsEveryFileDoes) {
  const TemporaryFolder folder;
  const auto path = folder.write("p.npy", numbered(100));
  std::string table = "a,b\n";
  for (int row = 0; row < 100; ++row) table += fmt::format("{},{}\n", 2 * row, 2 * row + 1);
  const auto csv = folder.write("p.csv", table);
  const Json shares = {{"validation_share", 0.2}, {"test_share", 0.1}};
  const auto made = [&](const char* name, const std::filesystem::path& file) {
    Json section = shares;
    section["name"] = name;
    section["path"] = file.string();
    return made_npy(section, 2);
  };
  const auto parts = made("npy", path), others = made("table_csv", csv);
  EXPECT_TRUE(torch::equal(parts.train, others.train));
  EXPECT_TRUE(torch::equal(parts.validation, others.validation));
  EXPECT_TRUE(torch::equal(parts.test, others.test));
  EXPECT_FALSE(torch::equal(parts.test, torch::arange(180, 200, torch::kDouble).view({10, 2})));
  EXPECT_TRUE(parts.image.empty());
  EXPECT_EQ(parts.origin, "100 rows of 2 numbers, array (100, 2) of Double");
}

TEST(Npy, SplitsByAFile) {
  const TemporaryFolder folder;
  const auto path = folder.write("p.npy", npy(dictionary("<f8", "(3, 2)"), six)).string();
  const auto split = folder.write("s.csv", "row,split\n2,test\n0,train\n1,val\n").string();
  const auto parts = made_npy({{"path", path}, {"split", split}}, 2);
  EXPECT_EQ(parts.test[0][0].item<double>(), 4);
  EXPECT_EQ(parts.validation[0][0].item<double>(), 2);
  expect_contains(user_error([&] {
                    made_npy({{"path", path}, {"split", split}, {"test_path", path}}, 2);
                  }),
                  "parts have files of their own");
}

TEST(Npy, WhereNothingIsHeldOutRowsStayInTheFile) {
  const TemporaryFolder folder;
  const auto path = folder.write("p.npy", npy(dictionary("<f8", "(3, 2)"), six)).string();
  const auto parts = made_npy({{"path", path}, {"validation_share", 0}, {"test_share", 0}}, 2);
  EXPECT_TRUE(torch::equal(parts.train, torch::arange(6, torch::kDouble).view({3, 2})));
}

TEST(Npy, EveryFormOfTheSameArrayGivesTheSamePoints) {
  const TemporaryFolder folder;
  const auto plain = npy(dictionary("<f8", "(3, 2)"), six);
  const auto expected = torch::arange(6, torch::kDouble).view({3, 2});
  const std::vector<std::pair<std::string, std::string>> files = {
      {"plain.npy", plain},
      {"fortran.npy", npy(dictionary("<f8", "(3, 2)", "True"), raw<double>({0, 2, 4, 1, 3, 5}))},
      {"bytes.npy", npy(dictionary("|u1", "(3, 2)"), std::string("\0\1\2\3\4\5", 6))},
      {"packed.npy.gz", gzip(plain)},
      {"stored.npz", zip({{"x.npy", plain, false}}, true)},
      {"deflated.npz", zip({{"x.npy", plain, true}, {"y.txt", "no array", true}}, false)},
      {"packed.npz.gz", gzip(zip({{"x.npy", plain, true}}, true))},
  };
  for (const auto& [name, content] : files) {
    const auto array = load_npy(folder.write(name, content).string());
    EXPECT_TRUE(torch::equal(array, expected)) << name;
    NpyOptions options;
    options.path = (folder / name).string();
    EXPECT_EQ(dimension_of(options), 2) << name;
  }
  const auto two =
      folder.write("two.npz", zip({{"x.npy", plain, false}, {"y.npy", gzip("no"), false}}, true)).string();
  EXPECT_TRUE(torch::equal(load_npy(two, "x"), expected));
  expect_contains(user_error([&] { load_npy(two); }),
                  "has the arrays x, y; choose one: --set dataset.array=x");
  expect_contains(user_error([&] { load_npy(folder.write("q.npy", plain).string(), "x"); }), "is no .npz");
}

TEST(Npy, OneSideIsPointsOfALine) {
  const TemporaryFolder folder;
  const auto path = folder.write("p.npy", npy(dictionary("<f8", "(6,)"), six)).string();
  const auto parts = made_npy({{"path", path}, {"validation_share", 0}, {"test_share", 0}}, 1);
  EXPECT_EQ(parts.train.sizes(), (std::vector<std::int64_t>{6, 1}));
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
  EXPECT_EQ(parts.validation.size(0), 1);
  EXPECT_EQ((parts.train.sum() + parts.validation.sum()).item<double>(), 15);  // the three rows, each once
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
            "dataset: validation_share + test_share must be below 1, got 1");
  expect_contains(message({{"path", ""}}, 2), "dataset.path: missing");
  EXPECT_EQ(message({{"path", path + "x"}}, 2), path + "x: cannot be opened for reading");
  EXPECT_EQ(message({{"path", folder.path().string()}}, 2),
            folder.path().string() + ": a folder; give a file in it");
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
  EXPECT_EQ(user_error([&] { load_npy(path); }), path + ": row 1200000, number 1 of it (from 0) is -inf");
  const auto last = folder.write("q.npy", npy(dictionary("<f8", "(1, 2)"), raw<double>({0, NAN}))).string();
  EXPECT_EQ(user_error([&] { load_npy(last); }), last + ": row 0, number 1 of it (from 0) is nan");
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
  const auto parts = made_npy({{"path", path}, {"validation_share", 0}, {"test_share", 0}}, 16);
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
    auto points = load_npy(path.string());
    points.fill_(7);
    EXPECT_EQ(points.sum().item<double>(), 42);
  }
  EXPECT_EQ(read_file(path), content);
}

TEST(Npy, TheMappingLivesAsLongAsATensorOnIt) {
  const TemporaryFolder folder;
  auto row = load_npy(folder.write("p.npy", npy(dictionary("<f8", "(3, 2)"), six)).string())[2];
  std::filesystem::remove(folder / "p.npy");
  EXPECT_EQ(row[1].item<double>(), 5);
}

}  // namespace
}  // namespace ebm::testing
