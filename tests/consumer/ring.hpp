#include "dualebm/framework/problem/energy_context.hpp"

struct Ring final : ebm::Energy {
  struct Options {
    double radius = 2;
    void describe(ebm::Fields& fields) {
      fields.number("radius", radius, ebm::Range::positive(), "at the start");
    }
  };
  Ring(const ebm::EnergyContext& context, const Options& options)
      : radius(register_parameter("radius", torch::tensor(options.radius, context.tensor_options))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return 8 * (x.norm(2, 1) - radius).square(); }
  torch::Tensor radius;
};
