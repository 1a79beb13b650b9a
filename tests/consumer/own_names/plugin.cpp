#include <dualebm/framework/experiment/plugin.hpp>
#include <dualebm/models/models.hpp>

#include "framework/config.hpp"
#include "models/models.hpp"

struct Spring final : ebm::Energy {
  struct Options {
    double stiffness = my_stiffness;
    void describe(ebm::Fields& fields) {
      fields.number("stiffness", stiffness, ebm::Range::positive(), "of the spring");
    }
  };
  Spring(const ebm::EnergyContext& context, const Options& options)
      : stiffness(register_parameter("stiffness", torch::tensor(options.stiffness, context.tensor_options))) {
  }
  torch::Tensor forward(const torch::Tensor& x) override { return stiffness * x.square().sum(1); }
  torch::Tensor stiffness;
};

DUALEBM_PLUGIN(catalogue) { catalogue.energies.add<Spring>(my_name, "a spring at the origin"); }
