#pragma once

#include <torch/nn/module.h>

namespace ebm {

/// While one lives, a module is in evaluation mode: dropout is off and batch normalisation uses what it has
/// learnt. Particles move and metrics are taken in it, so that both see one energy; parameters train in the
/// mode the module was in before, which comes back at the end.
class EvaluationMode final {
 public:
  explicit EvaluationMode(torch::nn::Module& module) : module_(module), training_(module.is_training()) {
    if (training_) module_.eval();
  }
  ~EvaluationMode() {
    if (training_) module_.train();
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  torch::nn::Module& module_;
  bool training_;
};

}  // namespace ebm
