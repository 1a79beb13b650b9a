#include "dualebm/framework/experiment/making.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/experiment/memory_needs.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"
#include "dualebm/framework/problem/parameters.hpp"

namespace ebm {
namespace {

/// Takes every part through the fitted transforms, then to the device.
void prepare(Dataset& dataset, TransformChain& transform, const Domain& domain, Random& random,
             const torch::TensorOptions& options) {
  dataset.mapped = dataset.mapped && transform.empty() && dataset.train.scalar_type() == options.dtype() &&
                   options.device().is_cpu();
  const auto prepared = [&](const torch::Tensor& points) {
    return points.defined() ? transform.prepare(points, random).to(options) : points;
  };
  dataset.train = prepared(dataset.train);
  dataset.validation = prepared(dataset.validation);
  dataset.test = prepared(dataset.test);
  dataset.log_determinant = transform.log_determinant();
  require(dataset.train.dim() == 2 && dataset.train.size(1) == domain.dimension(),
          "domain.dimension: {}, but the data have rows of {} numbers", domain.dimension(),
          dataset.train.numel() / dataset.train.size(0));
}

/// Fitted transforms that are not this library's own, each on what the ones before it make of a few points.
void require_own_conformance(const Experiment& experiment, const TransformChain& transform,
                             const torch::Tensor& train) {
  auto points = train.narrow(0, 0, std::min<std::int64_t>(train.size(0), 4));
  for (std::size_t i = 0; i < transform.parts().size(); ++i) {
    auto& part = *transform.parts()[i];
    // Behind those of the configuration the domain may have put one of its own.
    if (i < experiment.transforms.size() && experiment.transforms[i].foreign)
      require_conformance(check(part, points));
    points = part.forward(points).detach();
  }
}

}  // namespace

std::shared_ptr<TransformChain> make_transform(const Experiment& experiment,
                                               std::shared_ptr<const Domain> domain) {
  std::vector<std::shared_ptr<Transform>> parts;
  for (const auto& choice : experiment.transforms) parts.push_back(choice.make({domain, torch::kDouble}));
  if (domain->has_own_coordinates()) parts.push_back(std::make_shared<PointsOfCoordinates>(domain));
  return std::make_shared<TransformChain>(std::move(parts));
}

Dataset make_dataset(const Experiment& experiment, const std::shared_ptr<const Domain>& domain) {
  Random random(experiment.data_seed(), "data");
  std::shared_ptr<Energy> teacher;
  if (experiment.teacher) teacher = experiment.teacher->make({domain, torch::kDouble, random});
  const bool transformed = !experiment.transforms.empty();
  auto data = *experiment.dataset.make({domain, teacher, random, transformed});
  require(!transformed || !data.teacher,
          "transforms: the density that these data come from is known and would not follow; leave them out");
  require(data.train.defined() && data.train.dim() > 0 && data.train.size(0) > 0,
          "dataset: there are no training points");
  return data;
}

PreparedProblem make_problem(const Experiment& experiment, torch::Device device) {
  require_memory(experiment);
  const std::shared_ptr<const Domain> domain = experiment.domain.make({});
  PreparedProblem prepared{
      .problem = nullptr, .transform = make_transform(experiment, domain), .evaluator = nullptr};
  Random dither(experiment.data_seed(), "transforms");
  auto data = make_dataset(experiment, domain);
  if (data.teacher) data.teacher->to(device);
  require(experiment.transforms.empty() || !data.teacher,
          "transforms: the density that these data come from is known and would not follow; leave them out");
  prepared.transform->fit(data.train);
  require_own_conformance(experiment, *prepared.transform, data.train);
  prepare(data, *prepared.transform, *domain, dither,
          torch::TensorOptions(experiment.dtype()).device(device));
  prepared.problem = std::make_shared<Problem>(domain, std::move(data));
  prepared.evaluator = make_evaluator(experiment, prepared.problem);
  return prepared;
}

std::shared_ptr<const Evaluator> make_evaluator(const Experiment& experiment,
                                                std::shared_ptr<const Problem> problem) {
  std::vector<std::shared_ptr<const Metric>> metrics;
  for (const auto& choice : experiment.metrics) metrics.push_back(choice.make({}));
  return std::make_shared<Evaluator>(std::move(problem), experiment.evaluation.evaluator, std::move(metrics));
}

std::shared_ptr<Energy> make_energy(const Experiment& experiment, std::shared_ptr<const Domain> domain,
                                    torch::Device device, const torch::Tensor& points) {
  Random random(experiment.seed(), "parameters"), layers(experiment.seed(), "layers");
  const DefaultGenerator initial(layers);  // for an energy whose layers do not draw from `random`
  auto energy = experiment.energy.make(
      {std::move(domain), torch::TensorOptions(experiment.dtype()), random, points, !points.defined()});
  move_to(*energy, device, experiment.dtype());
  return energy;
}

std::unique_ptr<Training> make_training(const Experiment& experiment, const PreparedProblem& prepared,
                                        torch::Device device, std::shared_ptr<Communicator> ranks) {
  if (device.is_cpu()) require_memory(experiment, prepared.problem->data().train.size(0));
  const auto energy =
      make_energy(experiment, prepared.problem->shared_domain(), device, prepared.problem->data().train);
  require(experiment.loop.stop_at_gap == 0 || as_neuron_energy(*energy) != nullptr,
          "loop.stop_at_gap: the energy {} is not the ball of shallow networks that a duality gap is about",
          experiment.energy.name);
  const auto optimizer = experiment.optimizer.make({*energy});
  const auto random = [&](const char* purpose) {
    return std::make_shared<Random>(experiment.seed(), purpose, device);
  };
  const auto particles = random("particles");
  std::shared_ptr<const Sampler> sampler;
  if (experiment.sampler) {
    sampler = experiment.sampler->make({.domain = prepared.problem->shared_domain(),
                                        .data = prepared.problem->data().train,
                                        .random = *particles});
  }
  auto trainer = experiment.trainer.make({.energy = energy,
                                          .problem = prepared.problem,
                                          .random = particles,
                                          .sampler = sampler,
                                          .ranks = std::move(ranks)});
  require(
      !sampler || trainer->takes_sampler(),
      "sampler: the trainer {} moves no particles, or has a way of its own; leave the section out, or take a "
      "trainer with particles, such as dual_gda",
      experiment.trainer.name);
  auto options = experiment.loop.training;
  options.optimizer_schedule = experiment.optimizer_schedule.make({});
  options.particle_schedule = experiment.particle_schedule.make({});
  options.batches = random("batches");
  return std::make_unique<Training>(std::move(trainer), optimizer, std::move(options));
}

}  // namespace ebm
