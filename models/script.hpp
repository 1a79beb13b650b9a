#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// An energy that is a TorchScript file, on any domain: a model made in Python, or exported from here, that
/// is sampled, evaluated and trained further.
///
/// Its `forward(x)` takes points [N, d] and gives their energies in nats, [N] or [N, 1], differentiable in x.
/// Its parameters and buffers are this module's own, the very tensors, under the names they have in the file;
/// they take the run's dtype. It runs in evaluation mode: an energy does not draw.
class Script final : public Energy {
 public:
  struct Options {
    std::string path;    ///< of the file
    bool trust = false;  ///< whether its code may be run: a TorchScript file is a program
    void describe(Fields& fields);
  };

  /// @throws UserError if the file is not trusted, is not TorchScript, reaches beyond tensors, or its forward
  /// is no energy of points of the domain
  Script(const EnergyContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  void require_energies(const EnergyContext& context);

  std::string path_;
  torch::jit::Module script_;
};

}  // namespace ebm
