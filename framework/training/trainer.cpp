#include "dualebm/framework/training/trainer.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

torch::TensorOptions options_of(const Energy& energy, const torch::Tensor& data) {
  for (const auto& parameter : energy.parameters()) {
    if (parameter.is_floating_point())
      return torch::TensorOptions(parameter.scalar_type()).device(parameter.device());
  }
  return torch::TensorOptions(data.scalar_type()).device(data.device());
}

}  // namespace

Trainer::Trainer(TrainerContext context) : context_(std::move(context)) {
  require(context_.energy != nullptr, "trainer: there is no energy to train");
  require(context_.problem != nullptr, "trainer: there is no problem to train on");
  require(context_.random != nullptr, "trainer: there is no stream of random numbers");
  if (!context_.ranks) context_.ranks = std::make_shared<Alone>();
  tensor_options_ = options_of(*context_.energy, data());
}

RankRows Trainer::particle_rows() const {
  const auto all = particles();
  return whole_table(all.defined() ? all.size(0) : 0);
}

}  // namespace ebm
