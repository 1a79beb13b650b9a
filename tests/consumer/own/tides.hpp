#include <cmath>

#include <ATen/ATen.h>
#include <dualebm/framework/problem/dataset.hpp>

struct TidesOptions {
  std::int64_t days = 2000;
  double noise = 0.5;
  void describe(ebm::Fields& fields) {
    fields.integer("days", days, ebm::Range::at_least(10), "number of points");
    fields.number("noise", noise, ebm::Range::positive(), "standard deviation of both phases, in radians");
  }
};

/// Two phases a day that follow each other: φ_2 = φ_1 + 1 with noise. Rows (cos φ_1,
/// sin φ_1, cos φ_2, sin φ_2).
inline ebm::Dataset draw_tides(const ebm::DatasetContext& context, const TidesOptions& options) {
  const auto noise = options.noise * context.random.normal({options.days, 2}, torch::kDouble);
  const auto first = 2 + noise.select(1, 0), second = first + 1 + noise.select(1, 1);
  const auto points = at::stack({first.cos(), first.sin(), second.cos(), second.sin()}, 1);
  const auto half = options.days / 2;
  ebm::Dataset parts;
  parts.train = points.narrow(0, 0, half).clone();
  parts.test = points.narrow(0, half, options.days - half).clone();
  return parts;
}
