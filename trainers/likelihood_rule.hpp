#pragma once

#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/evaluation/integrator.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/progress.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// The quadrature that stands for the model while an energy is trained: the domain's fixed rule while that is
/// good to `tolerance`, and cells refined for the energy as it is where it is not, which is looked at every
/// `look_every` iterations. The nodes belong to the state of the training.
class LikelihoodRule final {
 public:
  struct Options {
    std::int64_t resolution = 60;       ///< of the fixed rule
    double tolerance = 1e-2;            ///< of log Z, in nats, see Integrator
    std::int64_t most_nodes = 1 << 17;  ///< likewise; 0: the fixed rule and no look at what it is worth
    std::int64_t look_every = 100;      ///< iterations between two looks at the rule
    void describe(Fields& fields);
  };

  /// @param trainer  whose problem, energy and tensors they are; outlives this
  /// @param who  it is, for messages
  /// @throws UserError if the domain has no quadrature, or the data are one point, where
  ///   no likelihood is largest
  LikelihoodRule(const Trainer& trainer, const Options& options, const char* who);

  const Quadrature& rule() const { return rule_; }       ///< as it is, in double, on the energy's device
  const torch::Tensor& nodes() const { return nodes_; }  ///< its points in the dtype of the energy
  bool fixed() const { return fixed_; }                  ///< whether it is the domain's fixed rule

  /// Whether the rule is looked at in this iteration, from 1.
  bool looks_at(std::int64_t iteration) const;
  /// Looks what the rule is worth for the energy as it is, and takes another where it will not do.
  /// @throws UserError with the nodes that would be needed, where those allowed leave log Z unknown
  Cost look();
  void save(State& state) const;
  void load(const State& state);  ///< @throws UserError if it does not belong to this problem

 private:
  void take(const Quadrature& rule);

  const Trainer& trainer_;
  Options options_;
  const char* who_;
  Integrator integrator_;
  Quadrature rule_, at_start_;
  torch::Tensor nodes_, nodes_at_start_;
  bool fixed_ = true;
};

}  // namespace ebm
