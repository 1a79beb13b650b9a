#include "dualebm/datasets/files/zip.hpp"

#include "dualebm/datasets/files/npz.hpp"
#include "tests/support/files.hpp"
#include "tests/support/zip.hpp"

namespace ebm::testing {
namespace {

const std::string long_text = [] {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i * i % 7919);
  return text;
}();

const std::vector<ZipMember> two = {{"a.npy", "first", false}, {"folder/b.npy", long_text, true}};

TEST(Zip, StoredAndDeflatedEntriesComeOut) {
  for (const bool large : {false, true}) {
    const auto bytes = zip(two, large);
    const auto entries = zip_directory(bytes, "p.zip");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[1].name, "folder/b.npy");
    EXPECT_EQ(unzip(bytes, entries[0], "p.zip"), "first");
    EXPECT_EQ(unzip(bytes, entries[1], "p.zip"), long_text);
  }
}

TEST(Zip, EveryTruncationIsAnError) {
  const auto bytes = zip({{"a", "first", false}, {"b", "second", true}}, true);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(user_error([&] { zip_directory(bytes.substr(0, length), "p.zip"); }), "") << length;
  }
}

// Whatever byte is damaged: an error, or what was there (a date, a version), never other content.
TEST(Zip, DamagedArchivesAreErrorsOrAllRight) {
  const auto bytes = zip({{"a", "first", false}, {"b", "some seconds, some seconds", true}}, true);
  int errors = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int change : {1, 0x80}) {
      auto damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      try {
        for (const auto& entry : zip_directory(damaged, "p.zip")) {
          const auto content = unzip(damaged, entry, "p.zip");
          EXPECT_TRUE(content == "first" || content == "some seconds, some seconds") << at;
        }
      } catch (const UserError&) {
        ++errors;
      }
    }
  }
  EXPECT_GT(errors, 200);
}

TEST(Zip, MessagesSayWhat) {
  EXPECT_EQ(user_error([] { zip_directory("text", "p.zip"); }), "p.zip: not a zip archive");
  EXPECT_EQ(user_error([] { zip_directory("PK\x03\x04 and so on", "p.zip"); }),
            "p.zip: the zip archive is not whole: it has no directory");
  auto wrong = zip({{"a", "first", false}}, false);
  wrong[wrong.find("first")] = 'F';
  EXPECT_EQ(user_error([&] { unzip(wrong, zip_directory(wrong, "p.zip")[0], "p.zip"); }),
            "p.zip: a: damaged: its checksum is wrong");
}

TEST(Npz, GivesTheArrayThatIsAskedFor) {
  const auto bytes = zip(two, true);
  EXPECT_EQ(npz_array(bytes, "a", "p.npz"), "first");
  EXPECT_EQ(npz_array(bytes, "a.npy", "p.npz"), "first");
  EXPECT_EQ(npz_array(bytes, "folder/b", "p.npz"), long_text);
  EXPECT_EQ(npz_array(zip({{"only.npy", "x", true}, {"notes.txt", "y", true}}, false), "", "p.npz"), "x");
  EXPECT_EQ(user_error([&] { npz_array(bytes, "", "p.npz"); }),
            "p.npz: has the arrays a, folder/b; choose one: --set dataset.array=a");
  EXPECT_EQ(user_error([&] { npz_array(bytes, "c", "p.npz"); }), "p.npz: has no array c; it has a, folder/b");
  expect_contains(user_error([&] {
                    npz_array(zip({{"table.csv", "x", true}}, false), "", "p.zip");
                  }),
                  "p.zip: a zip archive; unpack it");
}

}  // namespace
}  // namespace ebm::testing
