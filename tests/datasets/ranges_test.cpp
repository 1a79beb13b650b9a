#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "tests/support/catalogue.hpp"
#include "tests/support/npy.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

const Json angles = {{"name", "torus"}, {"dimension", 2}};
const Json unit_square = {{"name", "box"}, {"dimension", 2}};

Dataset read(const std::filesystem::path& path, const Json& domain, const std::string& name = "table_csv",
             bool transformed = false) {
  const Json section = {{"name", name}, {"path", path.string()}, {"validation_share", 0}, {"test_share", 0}};
  Random random(1, "ranges_test");
  return *catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = catalogue().domains.read(domain, "domain").make({}),
                     .teacher = nullptr,
                     .random = random,
                     .transformed = transformed});
}

// From -180 or from 0, both are what angles are written as; beyond both it is said how many.
TEST(Ranges, AnglesAreWrappedAndItIsSaid) {
  const TemporaryFolder folder;
  const auto usual = read(folder.write("a.csv", "phi,psi\n-170,20\n359,180\n0,-180\n"), angles);
  EXPECT_EQ(usual.origin.find("modulo"), std::string::npos) << usual.origin;
  const auto beyond = read(folder.write("b.csv", "phi,psi\n361,20\n-400,180\n0,-180\n"), angles);
  expect_contains(beyond.origin, "; 2 of phi taken modulo 360");
  EXPECT_EQ(beyond.origin.find("psi taken"), std::string::npos) << beyond.origin;
}

TEST(Ranges, APointBeyondAWallIsRefusedWithItsRow) {
  const TemporaryFolder folder;
  const auto table = folder.write("t.csv", "x,y\n0.5,0.25\n0,1\n0.25,1.5\n");
  EXPECT_EQ(user_error([&] { read(table, unit_square); }),
            table.string() + ":4: y is 1.5, and the domain box has walls at 0 and 1");
  // What a transform takes elsewhere is looked at after it.
  EXPECT_EQ(read(table, unit_square, "table_csv", true).train.size(0), 3);
  const auto points = folder.write("p.csv", "x0,x1\n0.5,0.25\n-0.1,1\n");
  expect_contains(user_error([&] { read(points, unit_square, "points_csv"); }),
                  ":3: x0 is -0.1, and the domain box");
}

TEST(Ranges, ATableNeedsAColumnForEachCoordinate) {
  const TemporaryFolder folder;
  const auto table = folder.write("t.csv", "a,b,c,d\n1,2,3,4\n");
  expect_contains(user_error([&] { read(table, angles); }),
                  "has 4 columns of numbers, domain.dimension is 2; set domain.dimension=4");
}

}  // namespace
}  // namespace ebm::testing
