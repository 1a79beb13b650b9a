#pragma once

#include <memory>

#include "dualebm/framework/experiment/experiment.hpp"

namespace ebm {

/// What is trained on and measured against; may be shared by several trainings.
struct PreparedProblem {
  std::shared_ptr<const Problem> problem;      ///< with the transformed points, on the device
  std::shared_ptr<TransformChain> transform;   ///< from the data as they come to those of the problem
  std::shared_ptr<const Evaluator> evaluator;  ///< of the metrics, with what depends on the problem alone
};

/// The transforms of the data, not fitted yet; in double on the CPU.
std::shared_ptr<TransformChain> make_transform(const Experiment& experiment,
                                               std::shared_ptr<const Domain> domain);

/// Draws or reads the data as they come, in their parts: no transform, in the dtype of the source, on the
/// CPU. Reading again gives the same rows in the same parts.
Dataset make_dataset(const Experiment& experiment, const std::shared_ptr<const Domain>& domain);

/// Draws or reads the data, transforms them and prepares the metrics.
PreparedProblem make_problem(const Experiment& experiment, torch::Device device);

/// What computes the metrics of an experiment on a problem.
std::shared_ptr<const Evaluator> make_evaluator(const Experiment& experiment,
                                                std::shared_ptr<const Problem> problem);

/// An energy with its initial parameters, by the seed.
/// @param points  the training points; undefined where a state is to be read into it
std::shared_ptr<Energy> make_energy(const Experiment& experiment, std::shared_ptr<const Domain> domain,
                                    torch::Device device, const torch::Tensor& points = {});

/// Everything that changes while a run goes on. @param ranks  who trains along; none: nobody
std::unique_ptr<Training> make_training(const Experiment& experiment, const PreparedProblem& prepared,
                                        torch::Device device, std::shared_ptr<Communicator> ranks = nullptr);

}  // namespace ebm
