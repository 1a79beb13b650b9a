#include <ATen/ATen.h>
#include <dualebm/framework/problem/energy_context.hpp>

/// E(x) = -<κ, x> - x[:2]·C x[2:]: two von Mises densities and what couples them.
struct Coupled final : ebm::Energy {
  struct Options {
    double start = 0.1;
    void describe(ebm::Fields& fields) {
      fields.number("start", start, ebm::Range::at_least(0), "deviation of the first parameters");
    }
  };
  Coupled(const ebm::EnergyContext& context, const Options& options)
      : kappa(
            register_parameter("kappa", options.start * context.random.normal({4}, context.tensor_options))),
        coupling(register_parameter("coupling", torch::zeros({2, 2}, context.tensor_options))) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    return -x.mv(kappa) - (x.narrow(1, 0, 2).mm(coupling) * x.narrow(1, 2, 2)).sum(1);
  }
  torch::Tensor kappa, coupling;
};
