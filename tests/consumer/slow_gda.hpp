#include "dualebm/trainers/particle_trainer.hpp"

struct SlowGda final : ebm::ParticleTrainer {
  struct Options : ebm::ParticleOptions {
    std::int64_t sweeps = 2;
    void describe(ebm::Fields& fields) {
      ParticleOptions::describe(fields);
      fields.integer("sweeps", sweeps, ebm::Range::at_least(1), "steps per iteration");
    }
  };
  SlowGda(const ebm::TrainerContext& context, const Options& options)
      : ParticleTrainer(context, options), sweeps(options.sweeps) {}
  ebm::Cost move(const torch::Tensor&, const ebm::Iteration& iteration) override {
    return advance(sweeps, iteration);
  }
  std::int64_t sweeps;
};
