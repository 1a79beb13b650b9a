#include "dualebm/datasets/files/bytes.hpp"

#include "dualebm/datasets/files/csv.hpp"
#include "dualebm/datasets/files/inflate.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "tests/support/files.hpp"
#include "tests/support/gzip.hpp"

namespace ebm::testing {
namespace {

/// Longer than the buffers on the way, and not all alike.
std::string long_text() {
  std::string text;
  for (std::int64_t i = 0; i < 100'000; ++i) text += std::to_string(i * i % 7919) + '\n';
  return text;
}

TEST(Bytes, PlainFilesComeBackAsTheyAre) {
  const TemporaryFolder folder;
  const std::string content("a\0\r\n\xff", 5);
  EXPECT_EQ(read_bytes(folder.write("plain", content)), content);
  EXPECT_EQ(read_bytes(folder.write("nothing", "")), "");
}

TEST(Bytes, GzipIsUnpackedByItsFirstBytesAndNotByItsName) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_bytes(folder.write("packed.csv", gzip(long_text()))), long_text());
  EXPECT_EQ(read_bytes(folder.write("nothing.gz", gzip(""))), "");
}

// What `cat a.gz b.gz` makes; reading the first member alone would drop rows in silence.
TEST(Bytes, GzipMembersInARowAreAllRead) {
  EXPECT_EQ(unpack_gzip(gzip("one,") + gzip("two"), "p.gz"), "one,two");
}

TEST(Bytes, EveryTruncationOfGzipIsAnError) {
  const auto packed = gzip("0,1\n2,3\n");
  for (std::size_t length = 2; length < packed.size(); ++length) {
    EXPECT_EQ(user_error([&] { unpack_gzip(packed.substr(0, length), "p.gz"); }),
              "p.gz: the gzip data end early: the file is not whole")
        << length;
  }
}

TEST(Bytes, DamagedGzipIsAnError) {
  auto packed = gzip(long_text());
  packed[packed.size() - 6] ^= 1;  // in the checksum
  EXPECT_EQ(user_error([&] { unpack_gzip(packed, "p.gz"); }),
            "p.gz: the gzip data are damaged: incorrect data check");
  EXPECT_EQ(user_error([&] { unpack_gzip(gzip("x") + "tail", "p.gz"); }),
            "p.gz: 4 bytes follow the gzip data, which are no gzip data");
}

// A few kilobytes can be made to fill any memory; the limit for them is 1 GiB, lowered here.
TEST(Bytes, WhatUnpacksToTooMuchIsCutOffAtTheLimit) {
  const auto bomb = gzip(std::string(10'000'000, '0'));
  EXPECT_LT(bomb.size(), 20'000U);
  expect_contains(user_error([&] { unpack_gzip(bomb, "p.gz", 1'000'000); }),
                  fmt::format("p.gz: {} bytes unpack to more than 1000000 bytes, the limit", bomb.size()));
  EXPECT_EQ(unpack_gzip(bomb, "p.gz", 10'000'000).size(), 10'000'000U);
  EXPECT_EQ(unpack_limit(10), std::uint64_t{1} << 30);
  EXPECT_EQ(unpack_limit(std::size_t{1} << 30), std::uint64_t{20} << 30);
}

TEST(Bytes, GzipWithinGzipIsAnError) {
  EXPECT_EQ(user_error([&] { unpack_gzip(gzip(gzip("a\n1\n")), "p.gz"); }),
            "p.gz: packed by gzip twice; unpack it once: gzip -d");
}

TEST(Bytes, TablesAreReadThroughGzip) {
  const TemporaryFolder folder;
  const auto table = read_csv(folder.write("t.csv.gz", gzip("a,b\n1,2\n")));
  EXPECT_EQ(table.number(0, 1), 2);
  const auto packed = gzip("a,b\n1,2\n");
  const auto path = folder.write("short.csv.gz", packed.substr(0, packed.size() - 1));
  expect_contains(user_error([&] { read_csv(path); }), "short.csv.gz: the gzip data end early");
}

TEST(Printable, IsOneLineOfWholeCharacters) {
  EXPECT_EQ(printable("a\tb\n"), "a\\x09b\\x0a");
  EXPECT_EQ(printable(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(printable("12345", 5), "12345");
  EXPECT_EQ(printable("123456", 5), "12345...");
  EXPECT_EQ(printable("123\xc3\xa4\xc3\xa4", 4), "123...");  // an ä is not cut in two
}

}  // namespace
}  // namespace ebm::testing
