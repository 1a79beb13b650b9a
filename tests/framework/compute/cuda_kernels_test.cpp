#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "tests/support/cuda_on_cpu.hpp"
#include "tests/support/support.hpp"
//
#include "dualebm/framework/sampling/cuda/langevin_kernels.hpp"
#if __has_include("framework/compute/normals.hpp")
#include "dualebm/framework/compute/normals.hpp"
#endif

namespace ebm::testing {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words philox_of(const Words& counter, std::uint64_t key) {
  const auto image = cuda::philox({{counter[0], counter[1], counter[2], counter[3]}}, key);
  return {image.word[0], image.word[1], image.word[2], image.word[3]};
}

/// Numbers begin ... begin + count - 1 of a draw, by so many workers.
template <class Real>
std::vector<Real> device_normals(std::uint64_t key, std::uint64_t draw, std::int64_t begin,
                                 std::int64_t count, int workers = 1) {
  std::vector<Real> numbers(static_cast<std::size_t>(count));
  for (int worker = 0; worker < workers; ++worker) {
    cuda::fill_normals<Real>(key, draw, begin, begin + count, numbers.data(), worker, workers);
  }
  return numbers;
}

// Random123's kat_vectors.
TEST(PhiloxDevice, GivesTheKnownAnswers) {
  EXPECT_EQ(philox_of({0, 0, 0, 0}, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox_of({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, ~0ULL),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox_of({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822ULL),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

template <class Real>
class DeviceNormals : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(DeviceNormals, Reals);

// Of n = 2^20 numbers the mean has standard error 1/√n, the square √(2/n), the fourth power √(96/n), the
// product of neighbours of a pair (16 apart) and of its squares 1/√n and 2/√n; tails are binomial.
TYPED_TEST(DeviceNormals, HaveTheMomentsAndTailsOfStandardNormals) {
  const auto n = std::int64_t{1} << 20;
  const auto numbers = device_normals<TypeParam>(0x0123456789abcdefULL, 5, 0, n);
  const auto x = torch::tensor(at::ArrayRef<TypeParam>(numbers), torch::kDouble);
  const double error = 1 / std::sqrt(static_cast<double>(n));
  const auto mean = [](const torch::Tensor& t) { return t.mean().template item<double>(); };
  EXPECT_NEAR(mean(x), 0, 4 * error);
  EXPECT_NEAR(mean(x.square()), 1, 4 * std::sqrt(2) * error);
  EXPECT_NEAR(mean(x.pow(3)), 0, 4 * std::sqrt(15) * error);
  EXPECT_NEAR(mean(x.pow(4)), 3, 4 * std::sqrt(96) * error);
  for (const std::int64_t lag : {1, 16, 32, 48}) {
    const auto a = x.narrow(0, 0, n - lag), b = x.narrow(0, lag, n - lag);
    EXPECT_NEAR(mean(a * b), 0, 4 * error) << lag;
    EXPECT_NEAR(mean((a.square() - 1) * (b.square() - 1)), 0, 4 * 2 * error) << lag;
  }
  for (const double bound : {0.5, 1.0, 2.0, 3.0, 4.0}) {
    const double p = std::erfc(bound / std::sqrt(2.0)) / 2;
    EXPECT_NEAR(mean((x > bound).to(torch::kDouble)), p, 4 * std::sqrt(p) * error) << bound;
    EXPECT_NEAR(mean((x < -bound).to(torch::kDouble)), p, 4 * std::sqrt(p) * error) << -bound;
  }
}

// Blocks of threads fill parts of a draw that begin and end anywhere.
TYPED_TEST(DeviceNormals, AnyPartByAnyNumberOfThreadsIsThatPartOfTheWhole) {
  const auto whole = device_normals<TypeParam>(42, 3, 0, 1000);
  for (const auto& [begin, count] :
       {std::pair{0, 1}, {1, 63}, {63, 2}, {64, 64}, {100, 777}, {999, 1}, {5, 0}}) {
    for (const int workers : {1, 7, 128}) {
      const auto part = device_normals<TypeParam>(42, 3, begin, count, workers);
      ASSERT_EQ(part, (std::vector<TypeParam>(whole.begin() + begin, whole.begin() + begin + count)))
          << begin << " " << count << " " << workers;
    }
  }
}

TYPED_TEST(DeviceNormals, AreOthersForAnotherDrawOrKey) {
  const auto numbers = device_normals<TypeParam>(42, 3, 0, 64);
  for (const auto& other :
       {device_normals<TypeParam>(42, 4, 0, 64), device_normals<TypeParam>(43, 3, 0, 64),
        device_normals<TypeParam>(42 | 1ULL << 40, 3, 0, 64),
        device_normals<TypeParam>(42, 3 | 1ULL << 40, 0, 64), device_normals<TypeParam>(42, 3, 64, 64)}) {
    for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_NE(numbers[i], other[i]) << i;
  }
}

// Words that random ones never are: both ends of u, the four quarters of the circle.
TEST(BoxMullerDevice, ReachesTheTailsAndGoesAllTheWayRound) {
  const auto radius = [](std::uint32_t word) {
    const auto pair = cuda::box_muller(word, 0);
    return std::hypot(static_cast<double>(pair.first), static_cast<double>(pair.second));
  };
  EXPECT_NEAR(radius(0), std::sqrt(-2 * std::log(0x1p-33)), 1e-6);
  EXPECT_NEAR(radius(0xffffffff) / std::sqrt(-2 * std::log1p(-0x1p-33)), 1, 1e-6);
  EXPECT_NEAR(radius(0x80000000), std::sqrt(2 * std::log(2)), 1e-6);
  EXPECT_NEAR(radius(0x7fffffff), std::sqrt(2 * std::log(2)), 1e-6);
  const double r = std::sqrt(2 * std::log(2.0)), tiny = 1e-6;
  const auto expect_direction = [&](std::uint32_t word, double first, double second) {
    const auto pair = cuda::box_muller(0x80000000U, word);
    EXPECT_NEAR(pair.first, r * first, tiny) << std::hex << word;
    EXPECT_NEAR(pair.second, r * second, tiny) << std::hex << word;
  };
  const double half = std::sqrt(0.5);
  expect_direction(0x00000000U, 1,
                   0);  // the angle, then reflected at the second axis, then with axes exchanged
  expect_direction(0x80000000U, -1, 0);
  expect_direction(0x40000000U, 0, 1);
  expect_direction(0xc0000000U, 0, -1);
  expect_direction(0x1fffffffU, half, half);
  expect_direction(0x20000000U, half, -half);
  const auto precise = cuda::box_muller(std::uint64_t{0}, std::uint64_t{0});
  EXPECT_NEAR(precise.first, std::sqrt(-2 * std::log(0x1p-65)), 1e-14);
}

#if __has_include("framework/compute/normals.hpp")
// What `Normals` makes on the CPU, to rounding: a run on a CUDA device has the noise of one on the CPU.
TYPED_TEST(DeviceNormals, AreThoseOfTheCpu) {
  std::vector<TypeParam> expected(3000);
  Normals(77, 9).fill(100, 3000, expected.data());
  const auto numbers = device_normals<TypeParam>(77, 9, 100, 3000);
  constexpr double tolerance = sizeof(TypeParam) == 4 ? 1e-6 : 1e-14;
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_NEAR(numbers[i], expected[i], tolerance) << i;
}
#endif

TYPED_TEST(DeviceNormals, KernelWritesTheDraw) {
  const std::int64_t count = 700, number = 12;
  std::vector<TypeParam> written(count, TypeParam(-99));
  // Two blocks for eleven groups: each thread comes round more than once, or not at all.
  cuda::launch_on_cpu({2, 1}, {cuda::threads, 1}, cuda::write_normals<TypeParam>, cuda::Draw{5, &number},
                      count, written.data());
  EXPECT_EQ(written, device_normals<TypeParam>(5, 12, 0, count));
}

struct StepCase {
  std::int64_t particles, dimension;
  bool antithetic, on_sphere, in_place;
};

/// The kernel of a Langevin step, launched as langevin.cu does, on tensors of the CPU.
template <class Real>
torch::Tensor kernel_step(const StepCase& which, const torch::Tensor& x, const torch::Tensor& g, Real h,
                          Real noise, std::uint64_t key, std::int64_t number) {
  auto result = which.in_place ? x.clone() : torch::full_like(x, -99);
  const auto drawn = which.antithetic ? which.particles / 2 : which.particles;
  const auto rows = cuda::rows_of_block<Real>(which.dimension);
  const cuda::LangevinStep<Real> step{.particles = which.particles,
                                      .dimension = which.dimension,
                                      .positions = (which.in_place ? result : x).template data_ptr<Real>(),
                                      .gradient = g.template data_ptr<Real>(),
                                      .result = result.template data_ptr<Real>(),
                                      .step = h,
                                      .noise = noise,
                                      .antithetic = which.antithetic,
                                      .on_sphere = which.on_sphere,
                                      .draw = {key, &number}};
  cuda::launch_on_cpu({static_cast<unsigned>((drawn + rows - 1) / rows), 1}, {cuda::threads, 1},
                      cuda::step_rows<Real>, step, drawn, rows);
  return result;
}

// Against the formula in tensors: one block and several, the last one short, rows that split groups of
// normals, as many rows as fit at d = 100, both halves of antithetic pairs.
TYPED_TEST(DeviceNormals, LangevinKernelIsTheFormula) {
  const auto type = sizeof(TypeParam) == 4 ? torch::kFloat : torch::kDouble;
  for (const StepCase& which : {StepCase{7, 3, false, true, false},
                                {130, 3, true, true, false},
                                {66, 15, false, false, false},
                                {258, 15, true, true, true},
                                {26, 100, true, true, false},
                                {5, 1, false, false, true}}) {
    Random random(3, "cuda_kernels");
    const auto x = random.normal({which.particles, which.dimension}, type);
    const auto g = random.normal({which.particles, which.dimension}, type);
    const TypeParam h = TypeParam(0.3), noise = TypeParam(0.7);
    const auto drawn = which.antithetic ? which.particles / 2 : which.particles;
    const auto numbers = device_normals<TypeParam>(11, 6, 0, drawn * which.dimension);
    auto xi = torch::tensor(at::ArrayRef<TypeParam>(numbers), type).reshape({drawn, which.dimension});
    if (which.antithetic) xi = torch::cat({xi, -xi});
    auto expected = x - h * g + noise * xi;
    if (which.on_sphere) expected = expected / expected.norm(2, 1, true);
    const auto moved = kernel_step<TypeParam>(which, x, g, h, noise, 11, 6);
    EXPECT_LT(distance(moved, expected), type == torch::kFloat ? 2e-6 : 1e-14)
        << which.particles << " " << which.dimension;
  }
}

TEST(DeviceDraw, AStreamOfTheCpuHasNone) {
  expect_contains(user_error([] { Random(1, "noise").device_draw(); }), "a stream of the CPU");
}

}  // namespace
}  // namespace ebm::testing
