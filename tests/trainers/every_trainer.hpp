#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/training/training.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {

/// A trainer with an energy that it takes, and an optimizer: one that a CUDA graph can hold, or Adam.
struct DeviceCase {
  std::string label;
  Json trainer, energy = {{"name", "shallow"}, {"neurons", 16}, {"activation", "softplus"}},
                optimizer = {{"name", "wasserstein_fisher_rao"}};
  bool on_sphere = true;
  double clip = 0;
  std::string schedule = "constant";
  bool waits = false;       ///< whether its iterations read numbers of the device, so that none is replayed
  bool takes_batch = true;  ///< whether its gradient is of the batch, not of all training points
  Json sampler = nullptr;   ///< the section; null: the trainer's own

  /// Whether all that it draws are normals: they are the same on every device, and a CUDA graph can draw them
  /// anew. Uniforms and integers are of LibTorch's generator, one for each kind of device.
  bool draws_normals_alone() const {
    const auto kind = trainer["name"].get<std::string>();
    return label.starts_with("dual_gda") || kind.starts_with("exact") || kind == "maximum_likelihood" ||
           label == "restart_every";
  }

  /// Whether every iteration hands a device the same work.
  bool repeats_always() const { return schedule == "constant" && label != "restart_every"; }
};

inline std::ostream& operator<<(std::ostream& out, const DeviceCase& which) { return out << which.label; }

inline std::vector<DeviceCase> device_cases() {
  const Json mlp = {{"name", "mlp"}, {"hidden", {8, 8}}, {"spectral_norm", true}};
  const Json vmf = {{"name", "von_mises_fisher"}, {"components", 3}};
  const Json adam = {{"name", "adam"}, {"learning_rate", 0.01}}, sgd = {{"name", "sgd"}, {"momentum", 0.9}};
  return {
      {"dual_gda", {{"name", "dual_gda"}, {"particle_step", 0.02}}},
      {"dual_gda_adam", {{"name", "dual_gda"}, {"particle_step", 0.02}}, vmf, adam, true, 0.1},
      {"dual_gda_lazy",
       {{"name", "dual_gda"}, {"particle_step", 0.02}},
       {{"name", "lazy_shallow"}, {"neurons", 16}, {"norm_cap", 0.01}},
       sgd},
      {"dual_gda_schedule", {{"name", "dual_gda"}, {"particle_step", 0.02}}, mlp, sgd, true, 0, "step"},
      {.label = "weights",
       .trainer = {{"name", "dual_gda"}, {"particles", 60}, {"held_out", 20}},
       .energy = mlp,
       .optimizer = adam,
       .waits = true},
      {"restart_every", {{"name", "restart_gda"}, {"restart_every", 4}}},
      {"restart_probability", {{"name", "restart_gda"}, {"restart_every", 0}, {"restart_probability", 0.2}}},
      {"score_matching", {{"name", "score_matching"}, {"particles", 50}}},
      {"maximum_likelihood", {{"name", "maximum_likelihood"}, {"langevin_steps", 2}, {"chains", "base"}}},
      {"persistent_contrastive_divergence",
       {{"name", "persistent_contrastive_divergence"},
        {"buffer_size", 200},
        {"chains", 20},
        {"langevin_steps", 2},
        {"energy_regularisation", 0.1}},
       mlp,
       adam},
      {.label = "buffer_of_mala",
       .trainer = {{"name", "persistent_contrastive_divergence"}, {"buffer_size", 200}, {"chains", 20}},
       .energy = mlp,
       .optimizer = adam,
       .waits = true,
       .sampler = {{"name", "mala"}}},
      {"exact_likelihood", {{"name", "exact_likelihood"}, {"resolution", 8}}},
      {.label = "boosted_likelihood",
       .trainer = {{"name", "boosted_likelihood"}, {"resolution", 8}, {"slides", 3}},
       .waits = true,
       .takes_batch = false},
      {"exact_score_matching", {{"name", "exact_score_matching"}}},
      {"sliced_score_matching", {{"name", "sliced_score_matching"}}, mlp, sgd, true, 0.1},
      {"denoising_score_matching",
       {{"name", "denoising_score_matching"}, {"levels", 3}, {"noise_low", 0.1}, {"noise_high", 1.0}},
       mlp,
       sgd,
       false},
  };
}

/// One run of a case, from the same start whatever the rest.
class DeviceRun final {
 public:
  DeviceRun(const DeviceCase& which, torch::Device device, bool deferred, bool graph, std::int64_t batch_size)
      : batch_size_(batch_size) {
    const auto catalogue = standard_catalogue();
    const std::shared_ptr<Domain> domain = which.on_sphere
                                               ? std::shared_ptr<Domain>(std::make_shared<Sphere>(3))
                                               : std::make_shared<Euclidean>(2);
    Random parameters(1, "parameters"), points(2, "data");
    const auto energy =
        catalogue.energies.read(which.energy, "energy").make({domain, torch::kDouble, parameters});
    energy->to(device);
    const auto problem = std::make_shared<Problem>(
        domain, Dataset{.train = domain->sample_base(100, points, torch::kDouble).to(device)});
    TrainerContext context{
        .energy = energy, .problem = problem, .random = std::make_shared<Random>(4, "particles", device)};
    if (!which.sampler.is_null()) {
      context.sampler = catalogue.samplers.read(which.sampler, "sampler")
                            .make({domain, problem->data().train, *context.random});
    }
    const auto trainer = catalogue.trainers.read(which.trainer, "trainer").make(context);
    const auto schedule = schedule_of(catalogue, which);
    training_ = std::make_shared<Training>(
        trainer, catalogue.optimizers.read(which.optimizer, "optimizer").make({*energy}),
        Training::Options{.gradient_clip = which.clip,
                          .average_decay = 0.9,
                          .optimizer_schedule = schedule,
                          .particle_schedule = schedule,
                          .batches = std::make_shared<Random>(3, "batches", device),
                          .deferred_checks = deferred,
                          .cuda_graph = graph});
  }

  void step(int iterations) {
    for (int i = 0; i < iterations; ++i) training_->step(training_->draw_batch(batch_size_));
  }

  Training& training() { return *training_; }

  /// All numbers that training has moved.
  torch::Tensor numbers() const {
    std::vector<torch::Tensor> parts;
    for (const auto& parameter : training_->energy().parameters())
      parts.push_back(parameter.detach().reshape({-1}));
    for (const auto& buffer : training_->energy().buffers()) parts.push_back(buffer.reshape({-1}));
    const auto particles = training_->trainer().particles();
    if (particles.defined()) parts.push_back(particles.reshape({-1}));
    return torch::cat(parts).cpu();
  }

 private:
  static std::shared_ptr<Schedule> schedule_of(const Catalogue& catalogue, const DeviceCase& which) {
    Json section = {{"name", which.schedule}};
    if (which.schedule == "step") section["every"] = 6;
    return catalogue.schedules.read(section, "schedule").make({});
  }

  std::int64_t batch_size_;
  std::shared_ptr<Training> training_;
};

/// Tests over all trainers on the CPU and on CUDA; each file of them has a suite of its own.
class EveryTrainerOnEveryDevice : public ::testing::TestWithParam<std::tuple<std::string, DeviceCase>> {
 public:
  static auto all() { return ::testing::Combine(devices(), ::testing::ValuesIn(device_cases())); }
  static std::string name_of(const ::testing::TestParamInfo<ParamType>& named) {
    return std::get<0>(named.param) + "_" + std::get<1>(named.param).label;
  }
};

}  // namespace ebm::testing
