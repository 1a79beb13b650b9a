#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "dualebm/trainers/restart_gda.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/gradients.hpp"

namespace ebm::testing {
namespace {

/// Hands out recorded noise, one slice of [T, N/2, d] a draw. More numbers of a slice than it has are
/// refused.
class ReplayedNoise final : public Random {
 public:
  explicit ReplayedNoise(torch::Tensor noise) : Random(0, "unused"), noise_(std::move(noise)) {}
  Normals normals() override { return Normals(noise_[next_++].contiguous()); }

 private:
  torch::Tensor noise_;
  std::int64_t next_ = 0;
};

torch::Tensor tensor_of(const Json& json) {
  std::vector<std::int64_t> sizes;
  std::vector<double> values;
  for (const Json* level = &json; level->is_array(); level = &(*level)[0]) {
    sizes.push_back(static_cast<std::int64_t>(level->size()));
  }
  const std::function<void(const Json&)> flatten = [&](const Json& item) {
    if (!item.is_array()) return values.push_back(item.get<double>());
    for (const auto& part : item) flatten(part);
  };
  flatten(json);
  return torch::tensor(values, torch::kDouble).reshape(sizes);
}

std::filesystem::path golden_folder() {
  if (const char* folder = std::getenv("EBM_GOLDEN_DIR")) return folder;
  return std::filesystem::path(EBM_SOURCE_DIR) / "tests" / "golden";
}

/// The trainer that each file is a trajectory of. The steps in the files are boosted already.
std::shared_ptr<Trainer> trainer_for(const Json& golden, TrainerContext context) {
  ParticleOptions shared{.particle_step = golden["particle_step"]};
  const std::int64_t every = golden["restart_every"];
  if (every > golden["steps"].get<std::int64_t>())
    return std::make_shared<DualGda>(std::move(context), shared);
  if (every == 1) {
    RestartLimit::Options options;
    static_cast<ParticleOptions&>(options) = shared;
    options.step_boost = 0;
    return std::make_shared<RestartLimit>(std::move(context), options);
  }
  RestartGda::Options options;
  static_cast<ParticleOptions&>(options) = shared;
  options.restart_every = every;
  options.step_boost = 0;
  return std::make_shared<RestartGda>(std::move(context), options);
}

class Golden : public ::testing::TestWithParam<const char*> {};

// An error of 1e-10 leaves room for the rounding of 25 steps in double and for nothing else: a wrong sign, an
// update from new neurons instead of old ones, a restart one iteration late, noise of the wrong half move
// digits by 1e-3.
TEST_P(Golden, TrajectoryAgreesTo1em10) {
  const auto file = golden_folder() / GetParam();
  ASSERT_TRUE(std::filesystem::exists(file)) << file;
  const auto golden = read_json_file(file.string());
  const auto data = tensor_of(golden["data"]);
  const auto neurons = tensor_of(golden["initial_neurons"]);

  Random unused(0, "unused");
  Shallow::Options options{.neurons = neurons.size(0), .total_variation_cap = golden["total_variation_cap"]};
  auto energy = std::make_shared<Shallow>(on_sphere(data.size(1), torch::kDouble, unused), options);
  {
    const torch::NoGradGuard no_grad;
    energy->named_parameters()["neurons"].copy_(neurons);
    energy->named_buffers()["signs"].copy_(tensor_of(golden["signs"]));
  }
  auto flow = std::make_shared<WassersteinFisherRao>(
      energy->neurons(), WassersteinFisherRao::Options{.neuron_step = golden["neuron_step"],
                                                       .weight_step = golden["weight_step"]});
  const auto trainer =
      trainer_for(golden, {.energy = energy,
                           .problem = problem_of(std::make_shared<Sphere>(data.size(1)), data),
                           .random = std::make_shared<ReplayedNoise>(tensor_of(golden["noise"]))});
  Training training(trainer, flow);

  for (std::size_t t = 0; t < golden["steps"].get<std::size_t>(); ++t) {
    training.step(data);
    EXPECT_NEAR(energy->norm(), golden["mean_weight"][t].get<double>(), 1e-10) << "TV after step " << t + 1;
  }
  EXPECT_LT(distance(trainer->particles(), tensor_of(golden["final_particles"])), 1e-10);
  EXPECT_LT(distance(energy->neurons().positions, tensor_of(golden["final_neurons"])), 1e-10);
  EXPECT_LT(distance(energy->neurons().weights, tensor_of(golden["final_weights"])), 1e-10);
  EXPECT_LT(distance(energy->forward(data), tensor_of(golden["final_energy_on_data"])), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Trajectories, Golden,
                         ::testing::Values("gda_d3.json", "gda_d15.json", "restart5_d3.json",
                                           "score_matching_d3.json"));

}  // namespace
}  // namespace ebm::testing
