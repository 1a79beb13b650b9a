#include "dualebm/framework/base/files.hpp"

#include <sys/stat.h>

#include <thread>

#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  return names;
}

TEST(WriteAtomically, ReplacesTheWholeFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "a long old content");
  write_atomically(folder / "file", std::string("new\0bytes", 9));
  EXPECT_EQ(read_file(folder / "file"), std::string("new\0bytes", 9));
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(WriteAtomically, AFailureNamesTheFileAndLeavesNoTemporaryOne) {
  const TemporaryFolder folder;
  const auto path = folder / "missing" / "file";
  expect_contains(user_error([&] { write_atomically(path, "x"); }), path.string());
  std::filesystem::create_directory(folder / "taken");
  expect_contains(user_error([&] { write_atomically(folder / "taken", "x"); }), "it is a folder");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"taken"});
}

// Neither a link under the name nor one laid where a temporary file might be is followed.
TEST(WriteAtomically, GoesThroughNoLink) {
  const TemporaryFolder folder;
  const auto precious = folder.write("precious", "years of work");
  for (const char* name : {"out.csv", "out.csv.tmp"})
    std::filesystem::create_symlink(precious, folder / name);
  write_atomically(folder / "out.csv", "points");
  EXPECT_EQ(read_file(precious), "years of work");
  EXPECT_EQ(read_file(folder / "out.csv"), "points");
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "out.csv"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "out.csv.tmp"));
}

TEST(WriteAtomically, WritesToWhatIsNoFile) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(write_atomically("/dev/null", "x"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  expect_contains(user_error([&] { write_atomically("/dev/full", "x"); }),
                  "/dev/full: cannot be written: No space");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = read_file(folder / "pipe"); });
  write_atomically(folder / "pipe", "through");
  reader.join();
  EXPECT_EQ(read, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
}

TEST(ReadWhole, HasAnEnd) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_whole(folder.write("file", std::string("a\0b", 3)), 3), std::string("a\0b", 3));
  expect_contains(user_error([&] { read_whole(folder.write("long", "abcd"), 3); }),
                  "does not end within 3 bytes");
  expect_contains(user_error([&] { read_whole("/dev/zero", 5'000'000); }), "/dev/zero: does not end");
  expect_contains(user_error([&] { read_whole(folder.path(), 9); }), "a folder");
  expect_contains(user_error([&] { read_whole(folder / "none", 9); }),
                  "cannot be opened for reading: No such file");
}

}  // namespace
}  // namespace ebm::testing
