#pragma once

#include "dualebm/trainers/particle_trainer.hpp"

namespace ebm {

/// Maximum likelihood via Langevin, the MCMC baseline ("primal"): K steps of the kernel, Langevin's by
/// default, at fixed energy before each update of the energy. Chains are kept from update to update
/// ("persistent": Tieleman 2008), restart from the batch ("data": contrastive divergence, Hinton 2002), or
/// from the base measure ("base": short-run chains, Nijkamp 2019).
class MaximumLikelihood final : public ParticleTrainer {
 public:
  struct Options : ParticleOptions {
    std::int64_t langevin_steps = 10;   ///< K
    std::string chains = "persistent";  ///< or "data", "base"
    void describe(Fields& fields);
  };

  /// @param context  see Trainer @param options  see above
  MaximumLikelihood(TrainerContext context, const Options& options);
  explicit MaximumLikelihood(TrainerContext context) : MaximumLikelihood(std::move(context), Options()) {}
  bool repeats(const Iteration&) const override { return advancing_repeats(); }

 protected:
  Cost move(const torch::Tensor& batch, const Iteration& iteration) override;

 private:
  Options options_;
};

}  // namespace ebm
