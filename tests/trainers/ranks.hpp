#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "dualebm/framework/training/training.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/support.hpp"
#include "tests/support/thread_ranks.hpp"

/// Trainings over ranks, which are threads here.
namespace ebm::testing {

/// More points than a table has that is whole on every rank, and no multiple of anything.
constexpr std::int64_t points_of_ranks = 17001;

struct RanksCase {
  std::string label;
  Json trainer, energy = {{"name", "shallow"}, {"neurons", 5}},
                optimizer = {{"name", "wasserstein_fisher_rao"}}, sampler = nullptr;
  std::int64_t batch_size = 0;
  torch::ScalarType dtype = torch::kFloat;
};

inline std::ostream& operator<<(std::ostream& out, const RanksCase& which) { return out << which.label; }

inline std::vector<RanksCase> ranks_cases() {
  const Json plain = {{"name", "dual_gda"}, {"particle_step", 0.02}};
  const Json adam = {{"name", "adam"}, {"learning_rate", 0.01}};
  const Json balanced = {
      {"name", "dual_gda"}, {"particle_step", 0.02}, {"antithetic", false}, {"drift", "balanced"}};
  return {
      {"dual_gda", plain},
      {.label = "in_double", .trainer = plain, .dtype = torch::kDouble},
      {"with_bias", plain, {{"name", "shallow"}, {"neurons", 5}, {"bias", true}, {"activation", "softplus"}}},
      {"lazy", plain, {{"name", "lazy_shallow"}, {"neurons", 5}, {"norm_cap", 0.01}}, adam},
      {"mlp", plain, {{"name", "mlp"}, {"hidden", {6, 5}}, {"spectral_norm", true}}, adam},
      {"von_mises_fisher", plain, {{"name", "von_mises_fisher"}, {"components", 2}}, adam},
      {"gaussian_bumps",
       plain,
       {{"name", "gaussian_bumps"}, {"concentrations", {8}}, {"lattice_below", 1}, {"most_centres", 10}},
       adam},
      {"spherical_harmonics", plain, {{"name", "spherical_harmonics"}, {"degree", 3}}, adam},
      {"sum",
       plain,
       {{"name", "sum"},
        {"parts",
         {{"global", {{"name", "spherical_harmonics"}, {"degree", 2}}},
          {"local", {{"name", "shallow"}, {"neurons", 5}}}}}},
       adam},
      {"balanced_drift", balanced},
      {.label = "sampler",
       .trainer = {{"name", "maximum_likelihood"}, {"langevin_steps", 2}},
       .sampler = {{"name", "langevin"}, {"noise", 0.1}, {"gradient_clip", 0.5}}},
      {"minibatches",
       {{"name", "dual_gda"}, {"particle_step", 0.02}, {"particles", 16400}},
       {{"name", "shallow"}, {"neurons", 5}},
       {{"name", "sgd"}, {"momentum", 0.9}},
       nullptr,
       100},
      {"few_particles",
       {{"name", "dual_gda"}, {"particle_step", 0.02}, {"particles", 300}},
       {{"name", "mlp"}, {"hidden", {6}}},
       adam,
       nullptr,
       100},
      {"restart_every", {{"name", "restart_gda"}, {"restart_every", 4}, {"particles", 40000}}},
      {"restart_probability", {{"name", "restart_gda"}, {"restart_every", 0}, {"restart_probability", 0.2}}},
      {"score_matching", {{"name", "score_matching"}, {"particles", 40000}}},
      {"persistent_chains", {{"name", "maximum_likelihood"}, {"langevin_steps", 2}}},
      {"chains_at_data",
       {{"name", "maximum_likelihood"}, {"langevin_steps", 2}, {"chains", "data"}},
       {{"name", "shallow"}, {"neurons", 5}},
       adam,
       nullptr,
       8200},
      {"chains_at_base", {{"name", "maximum_likelihood"}, {"langevin_steps", 2}, {"chains", "base"}}},
  };
}

/// The training of a case, the same start whatever the ranks.
inline std::unique_ptr<Training> training_of(const RanksCase& which, std::shared_ptr<Communicator> ranks) {
  const auto domain = std::make_shared<Sphere>(3);
  Random parameters(1, "parameters"), data(2, "data");
  const auto train = domain->sample_base(points_of_ranks, data, which.dtype);
  const auto energy =
      catalogue().energies.read(which.energy, "energy").make({domain, which.dtype, parameters, train});
  energy->to(which.dtype);
  const auto problem = std::make_shared<Problem>(domain, Dataset{.train = train});
  const auto random = std::make_shared<Random>(4, "particles");
  std::shared_ptr<const Sampler> sampler;
  if (!which.sampler.is_null())
    sampler = catalogue().samplers.read(which.sampler, "sampler").make({domain, train, *random});
  auto trainer = catalogue()
                     .trainers.read(which.trainer, "trainer")
                     .make({energy, problem, random, sampler, std::move(ranks)});
  return std::make_unique<Training>(
      std::move(trainer), catalogue().optimizers.read(which.optimizer, "optimizer").make({*energy}),
      Training::Options{.gradient_clip = 5, .average_decay = 0.9, .watch_every = 2});
}

inline void go_on(Training& training, const RanksCase& which, int iterations) {
  for (int i = 0; i < iterations; ++i) {
    training.step(training.draw_batch(which.batch_size));
    training.watch();
  }
}

}  // namespace ebm::testing
