#include <torch/optim/adam.h>
#include <dualebm/datasets/split.hpp>
#include <dualebm/datasets/toys/toy_mixture.hpp>
#include <dualebm/framework/export/torchscript.hpp>
#include <dualebm/framework/training/fit.hpp>
#include <dualebm/models/mlp.hpp>
#include <dualebm/trainers/dual_gda.hpp>

int main() {
  const auto random = std::make_shared<ebm::Random>(/*seed=*/0);
  const auto plane = std::make_shared<ebm::Euclidean>(2);
  const auto points = ebm::ToyMixture(ebm::moon_centres(0.2), 0.2).sample(5000, *random).to(torch::kFloat);
  const auto problem = std::make_shared<ebm::Problem>(plane, ebm::split_rows(points, {}, *random));
  const auto energy = std::make_shared<ebm::Mlp>(ebm::EnergyContext{plane, torch::kFloat, *random},
                                                 ebm::Mlp::Options{.hidden = {64, 64}});
  ebm::Training training(
      std::make_shared<ebm::DualGda>(ebm::TrainerContext{energy, problem, random},
                                     ebm::DualGda::Options{.particle_step = 0.01, .particles = 1000}),
      std::make_shared<torch::optim::Adam>(energy->parameters(), 2e-3), {.average_decay = 0.99});
  const auto result = ebm::fit(training, {.iterations = 2000, .batch_size = 500});
  for (const auto& [name, value] : result.last.metrics) fmt::print("{} {:.4g}\n", name, value);
  ebm::export_torchscript("moons.pt", {.energy = *energy, .domain = *plane});
}
