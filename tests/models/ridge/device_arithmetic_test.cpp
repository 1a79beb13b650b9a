#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <limits>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/models/ridge/activation.hpp"
#include "dualebm/models/ridge/cuda_sums.hpp"
#include "dualebm/models/ridge/device_sums.hpp"
#include "tests/support/cuda_on_cpu.hpp"
#include "tests/support/support.hpp"
//
#include "dualebm/models/ridge/cuda_kernels.hpp"

namespace ebm::testing {
namespace {

using ridge::cuda::SumsSize;
using ridge::device::SumsGrid;

template <ActivationKind sigma, int capacity>
void run_chunks(const SumsGrid& grid, const SumsSize& size, const double* rows, const double* others,
                const double* weights, double* result) {
  const cuda::Coordinates blocks{static_cast<unsigned>(grid.row_blocks()),
                                 static_cast<unsigned>(grid.chunks())};
  const auto kernel = size.with_feature ? grid.held == 2
                                              ? ridge::cuda::sum_chunks<double, sigma, capacity, true, 2>
                                              : ridge::cuda::sum_chunks<double, sigma, capacity, true, 1>
                      : grid.held == 2 ? ridge::cuda::sum_chunks<double, sigma, capacity, false, 2>
                                        : ridge::cuda::sum_chunks<double, sigma, capacity, false, 1>;
  cuda::launch_on_cpu(blocks, {SumsGrid::threads, 1}, kernel, grid, static_cast<int>(size.dimension), rows,
                      others, weights, result);
}

template <ActivationKind sigma>
void run_chunks_for_dimension(const SumsGrid& grid, const SumsSize& size, const double* rows,
                              const double* others, const double* weights, double* result) {
  if (size.dimension <= 3) return run_chunks<sigma, 3>(grid, size, rows, others, weights, result);
  if (size.dimension <= 4) return run_chunks<sigma, 4>(grid, size, rows, others, weights, result);
  if (size.dimension <= 8) return run_chunks<sigma, 8>(grid, size, rows, others, weights, result);
  if (size.dimension <= 12) return run_chunks<sigma, 12>(grid, size, rows, others, weights, result);
  if (size.dimension <= 15) return run_chunks<sigma, 15>(grid, size, rows, others, weights, result);
  run_chunks<sigma, 16>(grid, size, rows, others, weights, result);
}

struct Sums {
  torch::Tensor direction, feature;
};

/// Both kernels, launched as cuda_sums.cu does, on tensors of the CPU.
Sums kernel_sums(const torch::Tensor& rows, const torch::Tensor& others, const torch::Tensor& weights,
                 ActivationKind sigma, bool with_feature, std::int64_t held = 1) {
  const SumsSize size{rows.size(0), others.size(0), rows.size(1), with_feature};
  const SumsGrid grid{size.rows, size.others, held};
  const auto chunks = grid.chunks();
  const auto partial = torch::full({chunks * size.numbers()}, -99, rows.options());
  const auto run = sigma == ActivationKind::relu ? run_chunks_for_dimension<ActivationKind::relu>
                   : sigma == ActivationKind::squared_relu
                       ? run_chunks_for_dimension<ActivationKind::squared_relu>
                       : run_chunks_for_dimension<ActivationKind::softplus>;
  run(grid, size, rows.data_ptr<double>(), others.data_ptr<double>(), weights.data_ptr<double>(),
      partial.data_ptr<double>());
  auto result = torch::full({size.numbers()}, -99, rows.options());
  constexpr auto columns = ridge::cuda::columns, strands = ridge::cuda::strands;
  cuda::launch_on_cpu({static_cast<unsigned>((size.numbers() + columns - 1) / columns), 1},
                      {columns, strands}, ridge::cuda::add_chunks<double>, size.numbers(), chunks,
                      partial.data_ptr<double>(), result.data_ptr<double>());
  const auto directions = size.rows * size.dimension;
  return {result.narrow(0, 0, directions).view({size.rows, size.dimension}),
          result.narrow(0, directions, size.numbers() - directions)};
}

struct GapProblem {
  GapProblem(std::int64_t n, std::int64_t m, std::int64_t d) {
    Random random(3, "ridge_device");
    x = random.normal({n, d}, torch::kDouble);
    z = random.normal({m, d}, torch::kDouble);
    c = random.normal({m}, torch::kDouble);
    w = random.normal({n}, torch::kDouble);
  }

  /// Σ_ij w_i c_j σ(<x_i, z_j>) differentiated: in x with w = 1, in z with c = 1, in c.
  torch::Tensor value(const Activation& sigma) const { return sigma.value(x.mm(z.t())).mv(c); }
  torch::Tensor gradient(const Activation& sigma) const {
    const auto leaf = x.clone().requires_grad_(true);
    return torch::autograd::grad({sigma.value(leaf.mm(z.t())).mv(c).sum()}, {leaf})[0];
  }
  ridge::Moments moments(const Activation& sigma) const {
    const auto leaf = z.clone().requires_grad_(true);
    const auto features = sigma.value(x.mm(leaf.t()));
    return {torch::autograd::grad({features.sum(1).dot(w)}, {leaf})[0], features.detach().t().mv(w)};
  }

  torch::Tensor x, z, c, w;
};

class RidgeDevice : public ::testing::TestWithParam<std::string> {
 protected:
  const Activation sigma{GetParam()};
};

// Rows of one block and of several, others of one chunk and of hundreds, of one tile of shared memory and of
// several, coordinates that fill the room in registers and that do not.
TEST_P(RidgeDevice, KernelsAgreeWithAutograd) {
  for (const auto& [n, m, d] : {std::array<std::int64_t, 3>{1, 1, 1},
                                {65, 7, 3},
                                {70, 100, 4},
                                {129, 33, 5},
                                {190, 130, 11},
                                {64, 64, 8},
                                {150, 9, 15},
                                {33, 40, 16},
                                {33'000, 70, 2}}) {
    const GapProblem p(n, m, d);
    const auto by_particle = kernel_sums(p.x, p.z, p.c, sigma.kind(), /*with_feature=*/true);
    EXPECT_LT(distance(by_particle.direction, p.gradient(sigma)), 1e-12 * static_cast<double>(m))
        << n << " " << d;
    EXPECT_LT(distance(by_particle.feature, p.value(sigma)), 1e-12 * static_cast<double>(m)) << n << " " << d;
    const auto alone = kernel_sums(p.x, p.z, p.c, sigma.kind(), /*with_feature=*/false);
    EXPECT_TRUE(torch::equal(alone.direction, by_particle.direction));
    if (n < 1000) {
      const auto in_twos = kernel_sums(p.x, p.z, p.c, sigma.kind(), /*with_feature=*/true, /*held=*/2);
      EXPECT_LT(distance(in_twos.direction, by_particle.direction), 1e-12 * static_cast<double>(m))
          << n << " " << d;
      EXPECT_LT(distance(in_twos.feature, by_particle.feature), 1e-12 * static_cast<double>(m))
          << n << " " << d;
      const auto twos_alone = kernel_sums(p.x, p.z, p.c, sigma.kind(), /*with_feature=*/false, /*held=*/2);
      EXPECT_TRUE(torch::equal(twos_alone.direction, in_twos.direction));
    }
    const auto by_neuron = kernel_sums(p.z, p.x, p.w, sigma.kind(), /*with_feature=*/true);
    const auto expected = p.moments(sigma);
    EXPECT_LT(distance(by_neuron.direction, expected.direction), 1e-12 * static_cast<double>(n))
        << n << " " << d;
    EXPECT_LT(distance(by_neuron.feature, expected.feature), 1e-12 * static_cast<double>(n)) << n << " " << d;
  }
}

TEST_P(RidgeDevice, ProductsAgreeWithAutogradInOneBlockAndInSeveral) {
  const GapProblem p(50, 20, 30);
  namespace products = ridge::on_device::by_products;
  for (const std::int64_t block : {1, 140, 1 << 24}) {
    EXPECT_LT(distance(products::value(p.x, p.z, p.c, sigma, block), p.value(sigma)), 1e-12);
    EXPECT_LT(distance(products::gradient(p.x, p.z, p.c, sigma, block), p.gradient(sigma)), 1e-12);
    const auto moments = products::moments(p.x, p.w, p.z, sigma, block);
    EXPECT_LT(distance(moments.direction, p.moments(sigma).direction), 1e-12);
    EXPECT_LT(distance(moments.feature, p.moments(sigma).feature), 1e-12);
  }
}

// Chunks of zero others, empty rows: what an empty batch gives.
TEST_P(RidgeDevice, SumsOverNothingAreZero) {
  const GapProblem p(3, 2, 3);
  const auto sums = kernel_sums(p.x, p.z.narrow(0, 0, 0), p.c.narrow(0, 0, 0), sigma.kind(), true);
  EXPECT_EQ(sums.direction.abs().sum().item<double>(), 0);
  EXPECT_EQ(sums.feature.abs().sum().item<double>(), 0);
}

// A particle that ran away must be seen, not sorted under "negative".
TEST_P(RidgeDevice, WhatIsNotANumberStaysNone) {
  GapProblem p(3, 2, 3);
  p.x[1][2] = std::numeric_limits<double>::quiet_NaN();
  const auto sums = kernel_sums(p.x, p.z, p.c, sigma.kind(), true);
  EXPECT_TRUE(sums.direction[1].isnan().all().item<bool>());
  EXPECT_TRUE(sums.feature[1].isnan().item<bool>());
  EXPECT_TRUE(sums.direction[0].isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Activations, RidgeDevice, ::testing::ValuesIn(Activation::names()),
                         [](const auto& named) { return named.param; });

template <ActivationKind sigma>
double slope_at(double u) {
  double feature = 0;
  return ridge::device::weighted_slope<sigma, false>(3.0, u, feature);
}

TEST(RidgeSums, TheReluHasSlopeZeroAtItsKink) {
  EXPECT_EQ(slope_at<ActivationKind::relu>(0.0), 0);
  EXPECT_EQ(slope_at<ActivationKind::relu>(1e-300), 3);
  EXPECT_EQ(slope_at<ActivationKind::squared_relu>(-0.0), 0);
}

// Rounding of t, of 1 + t, the polynomial's last sum and the product with t: within six units of the values
// of double precision, from where e^-|u| is a normal number.
TEST(RidgeSums, TheSoftplusInSinglePrecisionIsThatOfDoublePrecision) {
  constexpr double allowed = 6 * 0x1p-24;
  for (float u = -87; u < 87; u += 0.00713F) {
    float feature = 0;
    const float slope = ridge::device::weighted_slope<ActivationKind::softplus, true>(1.0F, u, feature);
    const double x = u, value = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))),
                 s = 1 / (1 + std::exp(-x));
    ASSERT_NEAR(feature, value, allowed * value) << u;
    ASSERT_NEAR(slope, s, allowed * s) << u;
  }
  for (const float u : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    float feature = 0;
    EXPECT_EQ((ridge::device::weighted_slope<ActivationKind::softplus, true>(1.0F, u, feature)),
              u > 0 ? 1 : 0);
    EXPECT_EQ(feature, u > 0 ? u : 0);
  }
}

// Every other once, in order, whatever the sizes; never more chunks than the room of a grid.
TEST(RidgeSums, ChunksCoverTheOthersOnce) {
  for (const std::int64_t rows : {1, 64, 65, 20'000, 5'000'000}) {
    for (const std::int64_t others : {0, 1, 31, 33, 64, 20'000, 1'000'001}) {
      const SumsGrid grid{rows, others};
      ASSERT_GE(grid.chunks(), 1);
      ASSERT_LE(grid.chunks(), 1024);
      EXPECT_EQ(grid.chunk_begin(0), 0);
      EXPECT_EQ(grid.chunk_begin(grid.chunks()), others);
      for (std::int64_t c = 0; c < grid.chunks(); ++c)
        ASSERT_LE(grid.chunk_begin(c), grid.chunk_begin(c + 1));
    }
  }
  EXPECT_GT((SumsGrid{64, 20'000}.chunks()), 300) << "64 neurons alone keep no device busy";
  EXPECT_EQ(SumsGrid::best(64, 1'000'000).held, 1) << "one block of rows";
  EXPECT_EQ(SumsGrid::best(1'000'000, 64).held, 2);
  EXPECT_EQ(SumsGrid::best(20'000, 64).held, 1) << "too few threads would be left";
  EXPECT_LE((SumsGrid{1'000'000, 64}.chunks()), 1) << "a million particles do; partial sums would cost room";
}

}  // namespace
}  // namespace ebm::testing
