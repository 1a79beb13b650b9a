#pragma once

#include "dualebm/framework/sampling/particles.hpp"
#include "dualebm/trainers/particle_trainer.hpp"

namespace ebm {

/// The authors' factor on h_z and h_w, 1 + boost p_R / h_x: at p_R = 1 the gradient of the energy is of order
/// h_x, and the steps make up for it. One with an exact kernel, whose step finds itself on the way.
double restart_boost(double boost, double restart_rate, const Sampler& kernel);

/// Dual gradient descent-ascent with restarts: before the particle step, particles go back to the data by one
/// of the two rules of RestartRule. Interpolates from dual GDA (p_R = 0) to score matching (p_R = 1). Source:
/// Domingo-Enrich et al. 2022, Algorithm 1.
class RestartGda final : public ParticleTrainer {
 public:
  struct Options : ParticleOptions {
    std::int64_t restart_every = 60;  ///< see RestartRule::every; 0: off
    double restart_probability = 0;   ///< p_R, see RestartRule::probability; 0: off
    double step_boost = 0.1;          ///< see restart_boost
    void describe(Fields& fields);
  };

  /// @throws UserError if both restart rules are on, or weights are.
  RestartGda(TrainerContext context, const Options& options);
  explicit RestartGda(TrainerContext context) : RestartGda(std::move(context), Options()) {}

  /// All but those in which all particles restart.
  bool repeats(const Iteration& iteration) const override {
    return advancing_repeats() && (rule_.every == 0 || iteration.number_as_promised() % rule_.every != 0);
  }
  double step_boost() const override { return boost_; }

 protected:
  Cost move(const torch::Tensor& batch, const Iteration& iteration) override;

 private:
  double boost_;
  RestartRule rule_;
};

}  // namespace ebm
