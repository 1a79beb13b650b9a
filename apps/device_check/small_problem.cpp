#include "dualebm/apps/device_check/small_problem.hpp"

#include <torch/optim/sgd.h>

#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/trainers/dual_gda.hpp"

namespace ebm {
namespace {

std::shared_ptr<const Domain> domain_of(bool spherical, std::int64_t d) {
  if (spherical) return std::make_shared<Sphere>(d);
  return std::make_shared<Euclidean>(d);
}

}  // namespace

SmallProblem::SmallProblem(torch::Device device_, torch::ScalarType type_, bool spherical, std::int64_t d,
                           std::int64_t neurons, std::int64_t data)
    : device(device_), type(type_), domain(domain_of(spherical, d)), count_of_data(data) {
  Random random(1, "check-device energy");
  const EnergyContext context{domain, torch::kDouble, random};
  if (spherical) {
    energy = std::make_shared<Shallow>(context, Shallow::Options{.neurons = neurons});
  } else {
    energy = std::make_shared<Gaussian>(context, Gaussian::Options{});
  }
  energy->to(type);
  energy->to(device);
}

torch::Tensor SmallProblem::points(std::int64_t count) const {
  Random random(2, "check-device points");
  return domain->sample_base(count, random, torch::kDouble).to(torch::TensorOptions(type).device(device));
}

std::unique_ptr<Training> SmallProblem::training(bool graph) const {
  const auto problem = std::make_shared<Problem>(domain, Dataset{.train = points(count_of_data)});
  const auto trainer = std::make_shared<DualGda>(
      TrainerContext{.energy = energy,
                     .problem = problem,
                     .random = std::make_shared<Random>(3, "check-device noise", device)},
      DualGda::Options{.particle_step = 0.02});
  const auto optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1e-3));
  return std::make_unique<Training>(trainer, optimizer,
                                    Training::Options{.cuda_graph = graph, .recoveries = 0});
}

}  // namespace ebm
