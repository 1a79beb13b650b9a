#include "dualebm/datasets/toys/toy_rings.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace ebm {
namespace {

constexpr int rings = 3;
constexpr double gap = 1.2, weights = 1 + 2 + 3;

}  // namespace

torch::Tensor ToyRings::log_density(const torch::Tensor& x) const {
  const double variance = deviation_ * deviation_;
  const auto r = x.norm(2, 1);
  std::vector<torch::Tensor> terms;
  for (int ring = 1; ring <= rings; ++ring) {
    const double radius = gap * ring;
    // exp(-z) I_0(z) instead of I_0, which overflows: the exponents together are a square.
    terms.push_back((r - radius).square() / (-2 * variance) + at::special_i0e(r * (radius / variance)).log() +
                    std::log(ring / weights));
  }
  return torch::stack(terms, 1).logsumexp(1) - std::log(2 * std::numbers::pi * variance);
}

torch::Tensor ToyRings::sample(std::int64_t count, Random& random) const {
  // Of six equal lots the first ring has one, the second two, the third three.
  const auto ring = torch::tensor({1., 2., 2., 3., 3., 3.}, torch::kDouble)
                        .index_select(0, random.integers(static_cast<std::int64_t>(weights), count));
  const auto angle = 2 * std::numbers::pi * random.uniform({count}, torch::kDouble);
  return (gap * ring).unsqueeze(1) * torch::stack({angle.cos(), angle.sin()}, 1) +
         deviation_ * random.normal({count, 2}, torch::kDouble);
}

ToyDensity::Grid ToyRings::grid() const {
  return {.half_width = 4 + 8 * deviation_, .spacing = deviation_ / 2};
}

}  // namespace ebm
