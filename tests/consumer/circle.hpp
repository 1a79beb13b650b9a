#include "dualebm/framework/problem/dataset.hpp"

struct CircleOptions {
  double radius = 1;
  void describe(ebm::Fields& fields) {
    fields.number("radius", radius, ebm::Range::positive(), "of the circle");
  }
};

inline ebm::Dataset draw_circle(const ebm::DatasetContext& context, const CircleOptions& options) {
  const auto points = context.random.normal({2000, 2}, torch::kDouble);
  const auto circle = options.radius * points / points.norm(2, 1, true);
  const auto noisy = circle + 0.25 * context.random.normal({2000, 2}, torch::kDouble);
  ebm::Dataset parts;
  parts.train = noisy.narrow(0, 0, 1000).clone();
  parts.test = noisy.narrow(0, 1000, 1000).clone();
  return parts;
}
