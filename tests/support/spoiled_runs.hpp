#pragma once

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/diagnostics/verdict.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/trainers/dual_gda.hpp"

namespace ebm::testing {

/// How the particles of a run are spoiled once it is trained.
enum class Spoil { nothing, steps_too_large, mode_lost, weights_off, frozen };

constexpr const char* names_of_spoils[] = {"nothing", "steps too large", "a mode lost", "weights off",
                                           "frozen"};

/// A mixture of two to five Gaussians in R^d, d = 2 to 4: modes 3 to 6 apart with unequal masses.
struct Mixture {
  Mixture(std::uint64_t seed, std::int64_t d) {
    Random random(seed, "mixture");
    const auto modes = 2 + random.integers(4, 1).item<std::int64_t>();
    centres = 2.2 * random.normal({modes, d}, torch::kDouble);
    masses = (0.5 * random.normal({modes}, torch::kDouble)).softmax(0);
  }
  torch::Tensor sample(std::int64_t count, Random& random) const {
    const auto which = at::searchsorted(masses.cumsum(0), random.uniform({count}, torch::kDouble))
                           .clamp_max(masses.size(0) - 1);
    return centres.index_select(0, which) + 0.6 * random.normal({count, centres.size(1)}, torch::kDouble);
  }
  torch::Tensor centres, masses;
};

/// A small run: a perceptron trained by dual_gda on a mixture, with its particles at the end.
struct SmallRun {
  explicit SmallRun(std::uint64_t seed, std::int64_t iterations = 300)
      : mixture(seed, 2 + static_cast<std::int64_t>(seed % 3)),
        space(std::make_shared<Euclidean>(mixture.centres.size(1))),
        random(std::make_shared<Random>(seed, "run")) {
    const auto points = mixture.sample(2000, *random).to(torch::kFloat);
    data = points;
    const auto problem = std::make_shared<Problem>(space, Dataset{.train = points});
    energy = std::make_shared<Mlp>(EnergyContext{space, torch::kFloat, *random},
                                   Mlp::Options{.hidden = {32, 32}, .confinement = 3.0});
    trainer =
        std::make_shared<DualGda>(TrainerContext{.energy = energy, .problem = problem, .random = random},
                                  DualGda::Options{.particles = 1000, .held_out = 0});
    train(iterations, 0.01);
    train(iterations / 3, 0.001);  // a sound run ends with small steps, as a schedule sees to
    energy->eval();
  }

  void train(std::int64_t iterations, double rate) const {
    Training training(trainer, std::make_shared<torch::optim::Adam>(energy->parameters(), rate), {});
    for (std::int64_t i = 0; i < iterations; ++i) training.step(training.draw_batch(500));
  }

  /// The particles as the spoil leaves them.
  torch::Tensor particles(Spoil spoil) const {
    const auto good = trainer->particles().clone();
    switch (spoil) {
      case Spoil::nothing:
        return good;
      case Spoil::steps_too_large:
        return langevin(good);
      case Spoil::mode_lost:
        return without_a_mode(good);
      case Spoil::weights_off:
        return reweighted(good);
      case Spoil::frozen:
        return space->sample_base(good.size(0), *random, good.options());
    }
    return good;
  }

  /// What `diagnose` does: long chains, then the particles against them.
  Verdict judge(const torch::Tensor& particles, const LongChainOptions& options = {}) const {
    const Composition kernel(std::vector<std::shared_ptr<const Sampler>>{
        std::make_shared<Hmc>(Hmc::Options{}),
        std::make_shared<IndependenceJump>(SamplerContext{space, data, *random},
                                           IndependenceJump::Options{})});
    const auto starts = dispersed_starts(space, data, options.chains, *random, data.options());
    const auto chains = run_long_chains(*energy, *space, kernel, starts, options, *random);
    auto verdict = judge_chains(chains, options);
    if (chains.finite) verdict.append(judge_particles(*energy, space, particles, {}, chains, *random));
    return verdict;
  }

  Mixture mixture;
  std::shared_ptr<Euclidean> space;
  std::shared_ptr<Random> random;
  std::shared_ptr<Mlp> energy;
  std::shared_ptr<DualGda> trainer;
  torch::Tensor data;

 private:
  /// Unadjusted steps as large as the narrowest mode allows without running away: the bias is of order one.
  torch::Tensor langevin(const torch::Tensor& start) const {
    const Langevin sampler({.step_size = 0.25, .antithetic = false});
    auto state = sampler.init(start);
    for (int i = 0; i < 100; ++i) sampler.step(*energy, *space, state, *random, 1);
    return state.positions;
  }

  torch::Tensor mode_of(const torch::Tensor& x) const {
    return torch::cdist(x.to(torch::kDouble), mixture.centres).argmin(1);
  }

  /// The particles of the mode with the second largest mass take the places of others.
  torch::Tensor without_a_mode(const torch::Tensor& good) const {
    const auto lost = std::get<1>(mixture.masses.topk(2))[1].item<std::int64_t>();
    const auto left = (mode_of(good) != lost).nonzero().squeeze(1);
    return good.index_select(0, left.index_select(0, random->integers(left.size(0), good.size(0))));
  }

  /// One mode has twice the mass it ought to have.
  torch::Tensor reweighted(const torch::Tensor& good) const {
    const auto heavy = std::get<1>(mixture.masses.topk(2))[1].item<std::int64_t>();
    const auto w = 1.0 + 1.5 * (mode_of(good) == heavy).to(torch::kDouble);
    const auto rows =
        at::searchsorted((w / w.sum()).cumsum(0), random->uniform({good.size(0)}, torch::kDouble));
    return good.index_select(0, rows.clamp_max(good.size(0) - 1));
  }
};

}  // namespace ebm::testing
