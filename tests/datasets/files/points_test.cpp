#include "dualebm/datasets/files/points.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

torch::Tensor read_globe(const std::filesystem::path& path) { return read_points(path, Sphere(3)); }

torch::Tensor lat_lon_of(const std::string& content) {
  const TemporaryFolder folder;
  return read_globe(folder.write("globe.csv", content));
}

torch::Tensor coordinates_of(const std::string& content, const Domain& domain) {
  const TemporaryFolder folder;
  return read_points(folder.write("points.csv", content), domain);
}

/// The message without the folder of the test.
template <class Read>
std::string points_error(const std::string& content, Read read) {
  const TemporaryFolder folder;
  const auto path = folder.write("FILE", content);
  const auto message = user_error([&] { read(path); });
  return message.starts_with(path.string()) ? message.substr(folder.path().string().size() + 1) : message;
}

TEST(LatLon, KnownPoints) {
  const auto points = lat_lon_of("lat,lon\n0,0\n90,77\n-90,-5\n0,90\n0,180\n0,-180\n0,270\n45,360\n");
  const double root = std::sqrt(0.5);
  const auto expected = torch::tensor({{1., 0., 0.},
                                       {0., 0., 1.},
                                       {0., 0., -1.},
                                       {0., 1., 0.},
                                       {-1., 0., 0.},
                                       {-1., 0., 0.},
                                       {0., -1., 0.},
                                       {root, 0., root}},
                                      torch::kDouble);
  EXPECT_LT(distance(points, expected), 1e-15);
}

TEST(LatLon, RoundTrip) {
  Random random(1, "points_test");
  const auto x = Sphere(3).sample_base(200, random, torch::kDouble);
  const auto degrees = to_lat_lon(x);
  std::string content = "lat,lon\n";
  for (std::int64_t i = 0; i < 200; ++i) {
    content += fmt::format("{:.17g},{:.17g}\n", degrees[i][0].item<double>(), degrees[i][1].item<double>());
  }
  EXPECT_LT(distance(lat_lon_of(content), x), 1e-14);
}

TEST(LatLon, RoundTripOfThePoles) {
  const auto poles = torch::tensor({{0., 0., 1.}, {0., 0., -1.}}, torch::kDouble);
  EXPECT_EQ(distance(to_lat_lon(poles).select(1, 0), torch::tensor({90., -90.}, torch::kDouble)), 0);
}

// A point of the sphere may exceed 1 by a rounding; the arc sine of that is no number.
TEST(LatLon, PolesRoundedUpwardsHaveALatitude) {
  const auto pole = torch::tensor({{0., 0., 1. + 1e-15}}, torch::kDouble);
  EXPECT_EQ(to_lat_lon(pole)[0][0].item<double>(), 90);
}

TEST(LatLon, ColumnsByAnyOfTheirNamesInAnyOrder) {
  const auto expected = lat_lon_of("lat_deg,lon_deg\n10,20\n");
  EXPECT_TRUE(torch::equal(lat_lon_of("lon,magnitude,lat\n20,7,10\n"), expected));
  EXPECT_TRUE(torch::equal(lat_lon_of("latitude,longitude\n10,20\n"), expected));
  EXPECT_TRUE(torch::equal(lat_lon_of("lng,latitude\n20,10\n"), expected));
}

TEST(LatLon, BadRowsAreErrors) {
  const auto message = [](const std::string& content) { return points_error(content, read_globe); };
  EXPECT_EQ(message("lat,lon\n0,0\n90.5,0\n"), "FILE:3: latitude 90.5 is not in [-90, 90] degrees");
  EXPECT_EQ(message("lat,lon\n-91,0\n"), "FILE:2: latitude -91 is not in [-90, 90] degrees");
  EXPECT_EQ(message("lat,lon\n0,0\n0,0\n0,361\n"), "FILE:4: longitude 361 is not in [-180, 360] degrees");
  EXPECT_EQ(message("lat,lon\n0,-180.5\n"), "FILE:2: longitude -180.5 is not in [-180, 360] degrees");
  EXPECT_EQ(message("lat,lon\n0,east\n"), "FILE:2: lon is not a finite number: \"east\"");
  EXPECT_EQ(
      message("lat,x\n0,0\n"),
      "FILE: no column is called lat, latitude, lon, longitude or the like for the longitude; name it with "
      "dataset.longitude; the header has lat, x");
}

TEST(Coordinates, AreReadByTheirNames) {
  const auto points = coordinates_of("x1,id,x0\n0.5,9,-2\n1,9,3\n", Euclidean(2));
  EXPECT_TRUE(torch::equal(points, torch::tensor({{-2., 0.5}, {3., 1.}}, torch::kDouble)));
}

// Files carry few digits: what is nearly on the sphere is put on it.
TEST(Coordinates, OnASphereAreNormalised) {
  const auto points = coordinates_of("x0,x1,x2\n0.5774,0.5774,-0.5774\n0.9995,0,0\n", Sphere(3));
  EXPECT_LT(distance(points.norm(2, 1), torch::ones({2}, torch::kDouble)), 1e-15);
  EXPECT_EQ(points[1][0].item<double>(), 1);
}

TEST(Coordinates, OffTheSphereAreErrors) {
  const auto message = [](const std::string& content) {
    return points_error(content, [](const auto& path) { return read_points(path, Sphere(3)); });
  };
  EXPECT_EQ(message("x0,x1,x2\n1,0,0\n0.9,0,0\n"),
            "FILE:3: a point of the unit sphere has length 1, this one has 0.9");
  EXPECT_EQ(message("x0,x1,x2\n0,0,0\n"), "FILE:2: a point of the unit sphere has length 1, this one has 0");
  EXPECT_EQ(message("x0,x1\n1,0\n"), "FILE: no column x2; the header has x0, x1");
  EXPECT_EQ(
      message("x0,x1,x2\n1,0,0\n0,1,nan\n"),
      "FILE:3: x2 is missing (\"nan\"); 1 of 2 rows has gaps; dataset.missing=drop leaves such rows out");
  EXPECT_EQ(message("x0,x1,x2\n1,0,0\n0,1,inf\n"), "FILE:3: x2 is not a finite number: \"inf\"");
}

TEST(ReadPoints, TakesEitherFormByTheHeader) {
  const TemporaryFolder folder;
  const auto globe = folder.write("globe.csv", "lat,lon\n0,90\n"),
             ambient = folder.write("x.csv", "x0,x1,x2\n0,1,0\n");
  EXPECT_LT(distance(read_points(globe, Sphere(3)), read_points(ambient, Sphere(3))), 1e-15);
}

// On R^2 a column called lat is one column among others.
TEST(ReadPoints, LatitudesMeanNothingOffTheGlobe) {
  const TemporaryFolder folder;
  const auto path = folder.write("plane.csv", "lat,x0,x1\n5,1,2\n");
  EXPECT_TRUE(torch::equal(read_points(path, Euclidean(2)), torch::tensor({{1., 2.}}, torch::kDouble)));
}

Dataset made(const Json& section, std::shared_ptr<Domain> domain) {
  Random random(3, "points_test");
  return *standard_catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = domain, .teacher = nullptr, .random = random});
}

TEST(LatLonCsv, SaysWhatItReadAndDropsRowsWithGapsIfAsked) {
  const TemporaryFolder folder;
  const auto path = folder.write("g.csv", "Ort;Breite;L\nA;0,5;90\nB;;80\nC;1,5;\nD;0;0\n").string();
  Json section = {{"name", "lat_lon_csv"}, {"path", path},      {"latitude", "breite"}, {"longitude", "L"},
                  {"test_share", 0},       {"missing", "drop"}, {"validation_share", 0}};
  const auto points = made(section, std::make_shared<Sphere>(3));
  EXPECT_EQ(points.origin,
            "2 rows, \";\", decimal comma, header, columns Breite, L; 2 rows with missing values left out");
  EXPECT_EQ(points.columns, (std::vector<std::string>{"Breite", "L"}));
  EXPECT_EQ(points.train.sizes(), (std::vector<std::int64_t>{2, 3}));
  section["missing"] = "error";
  EXPECT_EQ(
      user_error([&] { made(section, std::make_shared<Sphere>(3)); }),
      path +
          ":3: Breite is missing (\"\"); 2 of 4 rows have gaps; dataset.missing=drop leaves such rows out");
}

TEST(PointsCsv, TakesTheColumnsThatAreNamed) {
  const TemporaryFolder folder;
  const auto path = folder.write("p.csv", "a,b,c\n1,2,3\n").string();
  Json section = {{"name", "points_csv"},
                  {"path", path},
                  {"test_share", 0},
                  {"validation_share", 0},
                  {"columns", {"c", "a"}}};
  EXPECT_TRUE(torch::equal(made(section, std::make_shared<Euclidean>(2)).train,
                           torch::tensor({{3., 1.}}, torch::kDouble)));
  EXPECT_EQ(
      user_error([&] { made(section, std::make_shared<Euclidean>(3)); }),
      "points_csv: " + path + " has 2 columns of numbers, domain.dimension is 3; set domain.dimension=2");
}

TEST(Datasets, FilesNeedAPathAndLatitudesAGlobe) {
  Random random(2, "points_test");
  const auto make = [&](const Json& section, std::shared_ptr<Domain> domain) {
    return user_error([&] {
      standard_catalogue()
          .datasets.read(section, "dataset")
          .make({.domain = domain, .teacher = nullptr, .random = random});
    });
  };
  expect_contains(make({{"name", "points_csv"}}, std::make_shared<Euclidean>(2)), "dataset.path: missing");
  expect_contains(make({{"name", "lat_lon_csv"}, {"path", "globe.csv"}}, std::make_shared<Sphere>(4)),
                  "needs the domain sphere with dimension 3");
}

}  // namespace
}  // namespace ebm::testing
