#pragma once

#include "dualebm/trainers/particle_trainer.hpp"

namespace ebm {

/// Score matching as the restart limit p_R = 1 of dual GDA: every particle makes one Langevin step from the
/// data. As h_x -> 0 the gradient of the energy is h_x times that of implicit score matching. Source:
/// Domingo-Enrich et al. 2022, §5.
class RestartLimit final : public ParticleTrainer {
 public:
  struct Options : ParticleOptions {
    double step_boost = 0.1;  ///< learning rates are multiplied by 1 + this / h_x
    void describe(Fields& fields);
  };

  /// @param context  see Trainer @param options  see above
  RestartLimit(TrainerContext context, const Options& options);
  explicit RestartLimit(TrainerContext context) : RestartLimit(std::move(context), Options()) {}
  bool repeats(const Iteration&) const override { return advancing_repeats(); }
  double step_boost() const override { return boost_; }

  /// Every step starts from the data: there is no law that particles stand at.
  std::optional<double> langevin_step() const override { return std::nullopt; }

 protected:
  Cost move(const torch::Tensor& batch, const Iteration& iteration) override;

 private:
  double boost_;
};

}  // namespace ebm
