#include "dualebm/datasets/files/number_table.hpp"
#include "tests/support/files.hpp"

// Headers and forms are those of the files as they are downloaded; the rows are invented.
namespace ebm::testing {
namespace {

NumberTable places_of(const std::string& content, const std::string& missing = "error") {
  CsvReader reader("FILE", content);
  return read_numbers(reader, choose_lat_lon(reader, "", ""), {.missing = missing});
}

void expect_places(const NumberTable& table, const std::vector<double>& numbers, const std::string& summary) {
  EXPECT_EQ(table.numbers, numbers);
  EXPECT_EQ(table.summary, summary);
}

// earthquake.usgs.gov, format=csv: places between quotes have commas, many fields are empty.
TEST(Catalogues, Usgs) {
  expect_places(
      places_of("time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,"
                "horizontalError,depthError,magError,"
                "magNst,status,locationSource,magSource\n"
                "2024-01-01T07:10:09.476Z,37.4874,137.2710,10,7.5,mww,172,31,0.78,0.72,us,us6000m0xl,2024-03-"
                "09T22:13:32.040Z,"
                "\"2024 Noto Peninsula, Japan Earthquake\",earthquake,3.94,1.735,0.049,40,reviewed,us,us\n"
                "2024-01-01T08:00:00.000Z,-21.5,-68.25,,4.5,mb,,,,,us,us0000,2024-01-02T00:00:00.000Z,\"5 km "
                "\"\"SW\"\" of X, Chile\","
                "earthquake,,,,,automatic,us,us\n"),
      {37.4874, 137.271, -21.5, -68.25}, "2 rows, \",\", header, columns latitude, longitude");
}

// www.emsc-csem.org, export as CSV: semicolons, regions with commas.
TEST(Catalogues, Emsc) {
  expect_places(
      places_of("Date;Time (UTC);Latitude;Longitude;Depth;Depth Type;Magnitude Type;Magnitude;Region "
                "Name;Last Update;Eqid\r\n"
                "2023-02-06;01:17:36;37.17;37.08;20;f;mw;7.8;CENTRAL TURKEY;2023-02-06 01:40;1218444\r\n"
                "2023-02-06;10:24:50;-38.08;-177.2;10;;mw;7.5;OFF E. COAST OF N. ISLAND, N.Z.;2023-02-06 "
                "10:50;1218586\r\n"),
      {37.17, 37.08, -38.08, -177.2}, "2 rows, \";\", header, columns Latitude, Longitude");
}

// seismicportal.eu and every FDSN service, format=text: pipes, and the header is a comment.
TEST(Catalogues, FdsnText) {
  expect_places(places_of("#EventID|Time|Latitude|Longitude|Depth/"
                          "km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor|"
                          "EventLocationName\n"
                          "20230206_0000008|2023-02-06T01:17:36.1Z|37.17|37.08|20.0|EMSC|EMSC-RTS|EMSC|"
                          "1218444|mw|7.8|EMSC|CENTRAL TURKEY\n"
                          "20230206_0000222|2023-02-06T10:24:50.0Z|-38.08|37.24|10.0|EMSC|EMSC-RTS|EMSC|"
                          "1218586|mw|7.5|EMSC|SOMEWHERE, ELSE\n"),
                {37.17, 37.08, -38.08, 37.24},
                "2 rows, \"|\", header in a comment, 1 comment line, columns Latitude, Longitude");
}

// ncedc.org, the composite catalogue of ANSS as CSV.
TEST(Catalogues, Anss) {
  expect_places(
      places_of(
          "DateTime,Latitude,Longitude,Depth,Magnitude,MagType,NbStations,Gap,Distance,RMS,Source,EventID\n"
          "1966/07/01 09:41:21.82,35.9463,-120.4700,12.26,3.20,Mx,7,171,20,0.02,NCSN,-4540462\n"
          "1966/07/02 12:08:34.25,35.7867,-120.3265,8.99,3.70,Mx,8,86,3,0.04,NCSN,-4540520\n"),
      {35.9463, -120.47, 35.7867, -120.3265}, "2 rows, \",\", header, columns Latitude, Longitude");
}

// The same catalogue in its "readable" form: columns of blanks, a rule under the header.
TEST(Catalogues, AnssReadable) {
  const std::string content =
      "Date       Time             Lat       Lon  Depth   Mag Magt  Nst Gap  Clo  RMS  SRC   Event ID\n"
      "----------------------------------------------------------------------------------------------\n"
      "1970/01/01 17:19:30.00  35.9463 -120.4700  12.26  3.20   Mx    7 171   20 0.02 NCSN -4540462\n"
      "1970/01/02 12:08:34.25  35.7867 -120.3265   8.99  3.70   Mx    8  86    3 0.04 NCSN -4540520\n";
  // The header has two names, "Event ID", for one column: only the user can say so.
  const auto message = user_error([&] { places_of(content); });
  expect_contains(message, "FILE:2: 1 fields, but the header has 14");
  CsvReader reader("FILE", content, {.skip = 2});
  const auto table = read_numbers(reader, choose_lat_lon(reader, "x2", "x3"), {});
  expect_places(table, {35.9463, -120.47, 35.7867, -120.3265},
                "2 rows, blanks, no header, 2 skipped lines, columns x2, x3");
}

// www.isc.ac.uk/iscgem: a hundred lines of comment with commas and quotes, the last of them the header,
// padded columns of which some have one name, and many that are empty.
TEST(Catalogues, IscGem) {
  expect_places(
      places_of(
          "# ISC-GEM Global Instrumental Earthquake Catalogue\n# Version 7.0 - released on 2020-04-09\n#\n"
          "# - epicentre (lat,lon);\n"
          "# The epicentre or magnitude quality flag \"D\" indicates those poorly\n#\n"
          "#         date          ,    lat   ,    lon   , smajax , sminax , strike, q ,  depth ,   unc , q "
          ",  mw  ,  unc , q , s ,   mo"
          "  , fac,  mo_auth ,  mpp  ,  mpr  ,  mrr  ,  mrt  ,  mtp  ,  mtt  ,  str1  ,  dip1  , rake1  ,  "
          "str2  ,  dip2  , rake2  ,   "
          "type ,    eventid\n"
          " 1904-01-20 14:51:36.41 ,    7.808 ,  -81.980 ,  140.8 ,   33.6 , 150.8 , C ,   10.0 ,  25.0 , C "
          ",      ,      , D ,   ,     "
          "  ,    ,          ,       ,       ,       ,       ,       ,       ,        ,        ,        ,    "
          "    ,        ,        ,    "
          "    ,   16957810\n"
          " 1904-03-18 13:43:56.21 ,   42.701 ,  146.265 ,   51.3 ,   14.4 , 146.2 , C ,   15.0 ,   9.1 , C "
          ",      ,      , D ,   ,     "
          "  ,    ,          ,       ,       ,       ,       ,       ,       ,        ,        ,        ,    "
          "    ,        ,        ,    "
          "    ,  602790124\n"),
      {7.808, -81.98, 42.701, 146.265},
      "2 rows, \",\", header in a comment, 7 comment lines, columns lat, lon");
}

// www.ngdc.noaa.gov, significant earthquakes as TSV: the first row repeats what was searched for, the first
// column is empty but for it, old events have no place.
TEST(Catalogues, Noaa) {
  const std::string content =
      "\"Search Parameters\"\tYear\tMo\tDy\tHr\tMn\tSec\tTsu\tVol\t\"Location "
      "Name\"\tLatitude\tLongitude\t\"Focal Depth (km)\"\tMag\t\"MMI "
      "Int\"\tDeaths\n"
      "[]\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n"
      "\t-2150\t\t\t\t\t\t\t\t\"JORDAN:  BAB-A-DARAA,AL-KARAK\"\t31.1\t35.5\t\t7.3\t\t\n"
      "\t-2000\t\t\t\t\t\t1\t\t\"SYRIA:  UGARIT\"\t35.683\t35.8\t\t\t10\t\n"
      "\t-1566\t\t\t\t\t\t\t\t\"JORDAN\"\t\t\t\t6\t\t\n";
  EXPECT_EQ(
      user_error([&] { places_of(content); }),
      "FILE:2: Latitude is missing (\"\"); 2 of 4 rows have gaps; dataset.missing=drop leaves such rows out");
  expect_places(places_of(content, "drop"), {31.1, 35.5, 35.683, 35.8},
                "2 rows, tabs, header, columns Latitude, Longitude; 2 rows with missing values left out");
}

NumberTable table_of(const std::string& content, const ColumnOptions& columns, const RowOptions& rows = {},
                     const DialectOptions& dialect = {}) {
  CsvReader reader("FILE", content, dialect);
  return read_numbers(reader, choose_columns(reader, columns), rows);
}

// Tables of the UCI repository as they are: rarely a header, the class as a text, ? for what is missing.
TEST(UciTables, Iris) {
  const std::string content =
      "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n6.3,3.3,6.0,2.5,Iris-virginica\n\n";
  expect_places(table_of(content, {.label = "x4"}, {.keep_label = "Iris-virginica"}), {6.3, 3.3, 6, 2.5},
                "1 row, \",\", no header, 1 blank line, columns x0, x1, x2, x3, label x4; 2 rows of other "
                "labels left out");
  EXPECT_EQ(user_error([&] { table_of(content, {}); }),
            "FILE: the column x4 holds text (\"Iris-setosa\"); leave it out: --set dataset.drop=x4, or make "
            "it the label: --set "
            "dataset.label=x4");
}

TEST(UciTables, AutoMpg) {
  const std::string content =
      "18.0   8   307.0      130.0      3504.      12.0   70  1\t\"chevrolet chevelle malibu\"\n"
      "25.0   4   98.00      ?          2046.      19.0   71  1\t\"ford pinto\"\n";
  expect_places(
      table_of(content, {.drop = {"x8"}}, {.missing = "drop"}), {18, 8, 307, 130, 3504, 12, 70, 1},
      "1 row, blanks, no header, columns x0, x1, x2, x3, x4, x5, x6, x7; 1 row with missing values left out");
}

TEST(UciTables, Housing) {
  expect_places(table_of(" 0.00632  18.00   2.310  0  0.5380\n 0.02731   0.00   7.070  0  0.4690\n", {}),
                {0.00632, 18, 2.31, 0, 0.538, 0.02731, 0, 7.07, 0, 0.469},
                "2 rows, blanks, no header, columns x0, x1, x2, x3, x4");
}

TEST(UciTables, WineQuality) {
  expect_places(table_of("\"fixed acidity\";\"volatile acidity\";\"quality\"\n7.4;0.7;5\n7.8;0.88;6\n",
                         {.label = "Quality"}, {.keep_label = "6"}),
                {7.8, 0.88},
                "1 row, \";\", header, columns fixed acidity, volatile acidity, label quality; 1 row of "
                "other labels left out");
}

TEST(UciTables, AirQuality) {
  const std::string content =
      "Date;Time;CO(GT);T;RH;;\r\n10/03/2004;18.00.00;2,6;13,6;48,9;;\r\n10/03/"
      "2004;19.00.00;2;13,3;47,7;;\r\n;;;;;;\r\n;;;;;;\r\n";
  expect_places(table_of(content, {.drop = {"date", "time"}}, {.missing = "drop"}),
                {2.6, 13.6, 48.9, 2, 13.3, 47.7},
                "2 rows, \";\", decimal comma, header, columns CO(GT), T, RH; 2 rows with missing values "
                "left out; column 6 without name and "
                "values left out; column 7 without name and values left out");
}

TEST(UciTables, Household) {
  expect_places(
      table_of("Date;Time;Global_active_power;Voltage\n16/12/2006;17:24:00;4.216;234.840\n16/12/"
               "2006;17:25:00;?;?\n",
               {.columns = {"voltage", "global_active_power"}}, {.missing = "drop"}),
      {234.84, 4.216},
      "1 row, \";\", header, columns Voltage, Global_active_power; 1 row with missing values left out");
}

TEST(UciTables, Seeds) {
  expect_places(table_of("15.26\t14.84\t0.871\t1\n14.88\t14.57\t\t0.8811\t1\n", {.label = "x3"}),
                {15.26, 14.84, 0.871, 14.88, 14.57, 0.8811},
                "2 rows, blanks, no header, columns x0, x1, x2, label x3");
}

TEST(UciTables, AdultWithItsFirstLine) {
  const std::string content = "|1x3 Cross validator\n25, Private, 226802, <=50K.\n38, ?, 89814, <=50K.\n";
  EXPECT_NE(user_error([&] { table_of(content, {.drop = {"x1", "x3"}}); }), "");
  expect_places(table_of(content, {.drop = {"x1"}, .label = "x3"}, {}, {.skip = 1}), {25, 226802, 38, 89814},
                "2 rows, \",\", no header, 1 skipped line, columns x0, x2, label x3");
}

TEST(UciTables, WhatRAndExcelAndPandasWrite) {
  expect_places(table_of("\"\",\"x\",\"y\"\n\"1\",0.5,1\n\"2\",NA,2\n", {}, {.missing = "drop"}), {0.5, 1},
                "1 row, \",\", header, columns x, y; 1 row with missing values left out; column 1 without a "
                "name, the number of the row, "
                "left out");
  expect_places(table_of("\xef\xbb\xbfx;y\r\n0,5;1\r\n1000,5;2\r\n", {}), {0.5, 1, 1000.5, 2},
                "2 rows, \";\", decimal comma, header, columns x, y");
  expect_places(table_of(",a,b\n0,1.5,\n1,2.5,3.0\n", {}, {.missing = "drop"}), {2.5, 3},
                "1 row, \",\", header, columns a, b; 1 row with missing values left out; column 1 without a "
                "name, the number of the row, "
                "left out");
}

}  // namespace
}  // namespace ebm::testing
