#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <utility>
#include <vector>

namespace ebm {

/// While one lives, a tree of modules is in evaluation mode: dropout is off and batch normalisation uses what
/// it has learnt. Particles move, metrics are taken and files are exported in it, so that all see one energy.
/// At the end every module is back in the mode it was in.
class EvaluationMode final {
 public:
  /// @param root  of the tree, which outlives this
  explicit EvaluationMode(torch::nn::Module& root) : root_(root), root_before_(root.is_training()) {
    for (const auto& module : root.modules(/*include_self=*/false)) {
      before_.emplace_back(module, module->is_training());
    }
    root_.eval();
  }
  ~EvaluationMode() {
    root_.train(root_before_);
    for (const auto& [module, training] : before_) module->train(training);
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  torch::nn::Module& root_;
  bool root_before_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> before_;
};

}  // namespace ebm
