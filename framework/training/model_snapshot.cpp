#include "dualebm/framework/training/model_snapshot.hpp"

#include <fmt/format.h>

namespace ebm {
namespace {

std::vector<torch::Tensor> tensors_of(const Energy& energy) {
  auto tensors = energy.parameters();
  for (const auto& buffer : energy.buffers()) tensors.push_back(buffer);
  return tensors;
}

}  // namespace

ModelSnapshot::ModelSnapshot(const Energy& energy) {
  for (const auto& tensor : tensors_of(energy)) values_.push_back(tensor.detach().clone());
}

void ModelSnapshot::write_to(Energy& energy) const {
  const torch::NoGradGuard no_grad;
  auto live = tensors_of(energy);
  for (std::size_t i = 0; i < values_.size(); ++i) live[i].copy_(values_[i]);
}

void ModelSnapshot::save(State& state) const {
  for (std::size_t i = 0; i < values_.size(); ++i) state.write(fmt::format("{}", i), values_[i]);
}

void ModelSnapshot::load(const State& state) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    values_[i] = state.tensor_like(fmt::format("{}", i), values_[i]).clone();
  }
}

}  // namespace ebm
