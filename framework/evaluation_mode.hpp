#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <utility>
#include <vector>

namespace ebm {

/// While one lives, a module is in evaluation mode: dropout is off and batch normalisation uses what it has
/// learnt. Particles move, metrics are taken and energies are exported in it, so that all see one energy;
/// parameters train in the mode that each part of the module was in before, which comes back at the end.
class EvaluationMode final {
 public:
  explicit EvaluationMode(torch::nn::Module& module) : module_(module), training_(module.is_training()) {
    for (auto& part : module.modules(/*include_self=*/false)) {
      const bool training = part->is_training();
      parts_.emplace_back(std::move(part), training);
    }
    module_.eval();
  }
  ~EvaluationMode() {
    module_.train(training_);
    for (const auto& [part, training] : parts_) part->train(training);
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  torch::nn::Module& module_;
  bool training_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> parts_;  ///< parents before children
};

}  // namespace ebm
