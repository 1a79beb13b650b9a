#include "dualebm/datasets/files/mapped_file.hpp"

#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

int sum_of(const MappedFile& file) {
  int sum = 0;
  for (const char byte : file.bytes()) sum += byte;
  return sum;
}

TEST(MappedFile, IsTheBytesOfTheFile) {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("file", std::string(100'000, '\1')));
  EXPECT_EQ(sum_of(file), 100'000);
}

using MappedFileDeathTest = ::testing::Test;

// Not SIGBUS: one line, and the exit code of an error that the user can mend.
TEST(MappedFileDeathTest, CutShortIsAnError) {
  const TemporaryFolder folder;
  const auto path = folder.write("points.npy", std::string(1'000'000, '\1'));
  EXPECT_EXIT(
      {
        const MappedFile file(path);
        std::filesystem::resize_file(path, 10);
        std::_Exit(sum_of(file) == 0 ? 3 : 4);
      },
      ::testing::ExitedWithCode(2), "points.npy: was cut short while it was in use");
}

// Whose address it is not, it leaves alone.
TEST(MappedFileDeathTest, OtherSignalsOfTheKindAreNotSwallowed) {
  const TemporaryFolder folder;
  const auto path = folder.write("file", "1");
  EXPECT_EXIT(
      {
        const MappedFile file(path);
        ::raise(SIGBUS);
      },
      ::testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace ebm::testing
