#include <torch/cuda.h>

#include <cmath>
#include <limits>

#include "dualebm/apps/device_check/agreement.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

TEST(CheckDevice, HoldsTheKernelsOfTheCpuAgainstProductsInDouble) {
  const auto outcome = run_program({"check-device", "--device", "cpu", "--threads", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  for (const char* part : {"gradient, softplus, float32", "moments, relu, float64", "Langevin step on R^d",
                           "iteration of dual_gda", "GB/s"})
    expect_contains(outcome.out, part);
  EXPECT_EQ(outcome.out.find("DIFFERS"), std::string::npos) << outcome.out;
}

// Errors are of the order of roundings: a kernel that were wrong in the sixth digit would show.
TEST(CheckDevice, ItsSharesAreThoseOfRounding) {
  for (const auto& one : agreements_on(torch::kCPU)) {
    EXPECT_TRUE(one.agrees()) << one.what;
    EXPECT_LT(one.error, 0.1) << one.what;
  }
  EXPECT_FALSE((Agreement{.what = "nothing", .error = std::numeric_limits<double>::quiet_NaN()}.agrees()));
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(worse_of(0, none)) && std::isnan(worse_of(none, 0))) << "one row of many";
  EXPECT_EQ(worse_of(1, 2), 2);
  EXPECT_EQ(worse_of(2, 1), 2);
  EXPECT_FALSE((Agreement{.what = "much", .error = 1.5}.agrees()));
}

TEST(CheckDevice, ADeviceThatIsNotThereIsSaid) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is one";
  expect_user_error(run_program({"check-device"}), "cuda");
}

}  // namespace
}  // namespace ebm::testing
