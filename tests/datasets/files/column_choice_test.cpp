#include "dualebm/datasets/files/column_choice.hpp"

#include "dualebm/datasets/files/column_names.hpp"
#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

std::vector<std::size_t> lat_lon_of(const std::string& header, const std::string& latitude = "",
                                    const std::string& longitude = "") {
  return choose_lat_lon(CsvReader("FILE", header + "\n1,2,3\n"), latitude, longitude).numbers;
}

TEST(LatLonColumns, GoByTheNamesOfCatalogues) {
  const std::vector<std::size_t> expected = {1, 2};
  for (const auto* names :
       {"lat,lon", "LAT,LON", "latitude,longitude", "Latitude,Longitude", "LATITUDE,LONGITUDE",
        "lat_deg,lon_deg", "Lat,Long", "lat,lng", "decimalLatitude,decimalLongitude",
        "decimal_latitude,decimal_longitude", "Latitude (deg),Longitude (deg)",
        "Latitude [\xc2\xb0],Longitude [\xc2\xb0]", "reclat,reclong", "latitude_deg,longitude_deg",
        "geo_lat,geo_lng", "GPS Lat,GPS Lon", "Origin Latitude,Origin Longitude"}) {
    EXPECT_EQ(lat_lon_of(std::string("id,") + names), expected) << names;
  }
  EXPECT_EQ(lat_lon_of("lon,lat,z"), (std::vector<std::size_t>{1, 0}));
}

TEST(LatLonColumns, NamesThatOnlyBeginLikeThemAreOthers) {
  for (const auto* name : {"lateral", "latency", "platitude", "latitude_error", "lat_err", "flat",
                           "longevity", "length", "long_name", "y"}) {
    EXPECT_FALSE(means_latitude(name)) << name;
    EXPECT_FALSE(means_longitude(name)) << name;
  }
}

TEST(LatLonColumns, MayBeNamed) {
  EXPECT_EQ(lat_lon_of("a,B,c", "b", "A"), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(lat_lon_of("lat,lon,lat2", "lat2"), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(lat_lon_of("lat,latitude,lon", "latitude"), (std::vector<std::size_t>{1, 2}));
}

TEST(LatLonColumns, DoubtsAreErrorsWhoseAdviceWorks) {
  const auto message = [](const std::string& header, const std::string& latitude = "",
                          const std::string& longitude = "") {
    return user_error([&] { lat_lon_of(header, latitude, longitude); });
  };
  EXPECT_EQ(message("lat,latitude,lon"),
            "FILE: two columns may be the latitude: lat, latitude; choose one with dataset.latitude");
  EXPECT_EQ(message("a,b,lon"),
            "FILE: no column is called lat, latitude, lon, longitude or the like for the latitude; name it "
            "with dataset.latitude; the "
            "header has a, b, lon");
  EXPECT_EQ(message("a,b,lon", "c"), "FILE: no column c; the header has a, b, lon");
  EXPECT_EQ(message("a,b,lon", "lon"), "FILE: latitude and longitude are one column, lon");
}

TEST(ColumnNames, ListsForTheCommandLineAreQuotedWhereAShellNeedsIt) {
  EXPECT_EQ(as_list_option("dataset.drop", {"a", "b_2"}), "dataset.drop=a,b_2");
  EXPECT_EQ(as_list_option("dataset.drop", {"a b", "c,d", "e\"f"}),
            "'dataset.drop=[\"a b\",\"c,d\",\"e\\\"f\"]'");
}

}  // namespace
}  // namespace ebm::testing
