#include "dualebm/datasets/files/file_kind.hpp"

#include <sys/stat.h>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/csv_reader.hpp"
#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

TEST(FileKind, WhatIsNoTextIsNamed) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {std::string("PK\x03\x04") + "...points.csv", "t: a zip archive; unpack it: unzip t"},
      {std::string("PK\x03\x04") + "...[Content_Types].xml...xl/workbook.xml",
       "t: a workbook (.xlsx); save its sheet as CSV"},
      {std::string("PK\x03\x04") + "...x.npy", "t: arrays of NumPy (.npz); set dataset.name=npy"},
      {std::string("\xfd"
                   "7zXZ\0...",
                   9),
       "t: packed by xz; unpack it: xz -dk t"},
      {"BZh91AY&SY", "t: packed by bzip2; unpack it: bzip2 -dk t"},
      {"\x28\xb5\x2f\xfd...", "t: packed by zstd; unpack it: zstd -d t"},
      {"PAR1....",
       "t: a Parquet file; save it as CSV: pandas.read_parquet(\"t\").to_csv(\"table.csv\", index=False)"},
      {"ARROW1..",
       "t: an Arrow file; save it as CSV: pandas.read_feather(\"t\").to_csv(\"table.csv\", index=False)"},
      {"\x89HDF\r\n\x1a\n....",
       "t: an HDF5 file; save its array as .npy: numpy.save(\"points.npy\", h5py.File(\"t\")[NAME][:])"},
      {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..", "t: an old workbook (.xls); save it as CSV"},
      {std::string("SQLite format 3\0..", 18), "t: an SQLite database; save a table of it as CSV"},
      {"\x93NUMPY\x01", "t: an array of NumPy (.npy); set dataset.name=npy"},
      {std::string("\0\0\x08\x03....", 8), "t: an IDX file; set dataset.name=idx"},
      {"\n<!DOCTYPE html><html>", "t: a page of the web and not the file itself; download it again"},
      {"<HTML>", "t: a page of the web and not the file itself; download it again"},
      {"<?xml version='1.0'?>", "t: XML; save it as a table of CSV"},
      {"{\"type\":\"FeatureCollection\"}", "t: JSON; save it as a table of CSV"},
      {"[{\"a\": 1}]", "t: JSON; save it as a table of CSV"},
      {"version https://git-lfs.github.com/spec/v1\n",
       "t: a pointer of Git LFS and not the file itself; fetch it: git lfs pull"},
      {"%PDF-1.4", "t: a PDF; a table of text is needed"},
  };
  for (const auto& [bytes, message] : cases) {
    EXPECT_EQ(user_error([&] { CsvReader("t", bytes); }), message);
  }
}

TEST(FileKind, WhatIsNoPlainFileIsNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(user_error([&] { read_bytes(folder.path()); }),
            folder.path().string() + ": a folder; give a file in it");
  EXPECT_EQ(user_error([] { read_bytes("/dev/zero"); }), "/dev/zero: a device and no file of data");
  EXPECT_EQ(user_error([] { read_bytes("nowhere"); }), "nowhere: cannot be opened for reading");
  // A pipe would be waited for.
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(user_error([&] { read_bytes(pipe); }),
            pipe.string() + ": a pipe; a file is read more than once: save it first");
}

}  // namespace
}  // namespace ebm::testing
