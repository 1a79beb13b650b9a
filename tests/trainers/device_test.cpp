#include "tests/support/devices.hpp"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/training/optimizers/optimizers.hpp"
#include "dualebm/framework/training/schedules/schedules.hpp"
#include "dualebm/models/models.hpp"
#include "dualebm/trainers/trainers.hpp"
#include "tests/support/support.hpp"
#if defined(EBM_WITH_CUDA)
#include <c10/cuda/CUDAFunctions.h>
#endif

namespace ebm::testing {
namespace {

/// A trainer with an energy that it takes, and an optimizer: one that a CUDA graph can hold, or Adam.
struct DeviceCase {
  std::string label;
  Json trainer, energy = {{"name", "shallow"}, {"neurons", 16}, {"activation", "softplus"}},
                optimizer = {{"name", "wasserstein_fisher_rao"}};
  bool on_sphere = true;
  double clip = 0;
  std::string schedule = "constant";
  /// Of 15 iterations: the first three that are alike run eagerly.
  std::int64_t replays = 12;
};

std::ostream& operator<<(std::ostream& out, const DeviceCase& which) { return out << which.label; }

std::vector<DeviceCase> device_cases() {
  const Json mlp = {{"name", "mlp"}, {"hidden", {8, 8}}, {"spectral_norm", true}};
  const Json vmf = {{"name", "von_mises_fisher"}, {"components", 3}};
  const Json adam = {{"name", "adam"}, {"learning_rate", 0.01}}, sgd = {{"name", "sgd"}, {"momentum", 0.9}};
  return {
      {"dual_gda", {{"name", "dual_gda"}}},
      {"dual_gda_adam", {{"name", "dual_gda"}}, vmf, adam, true, 0.1},
      {"dual_gda_lazy",
       {{"name", "dual_gda"}},
       {{"name", "lazy_shallow"}, {"neurons", 16}, {"norm_cap", 0.01}},
       sgd},
      {"dual_gda_schedule", {{"name", "dual_gda"}}, mlp, sgd, true, 0, "step", /*replays=*/6},
      {.label = "restart_every",
       .trainer = {{"name", "restart_gda"}, {"restart_every", 4}},
       .replays = 9},  // iterations 4, 8 and 12 are restarts
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
      {"exact_likelihood", {{"name", "exact_likelihood"}, {"resolution", 8}}},
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
class DeviceRun {
 public:
  DeviceRun(const DeviceCase& which, torch::Device device, bool deferred, bool graph, std::int64_t batch_size)
      : batch_size_(batch_size), batches_(3, "batches", device) {
    std::shared_ptr<Domain> domain = which.on_sphere ? std::shared_ptr<Domain>(std::make_shared<Sphere>(3))
                                                     : std::make_shared<Euclidean>(2);
    Random parameters(1, "parameters"), points(2, "data");
    energy = energies().read(which.energy, "energy").make({domain, torch::kDouble, parameters});
    energy->to(device);
    data_ = domain->sample_base(100, points, torch::kDouble).to(device);
    optimizer = optimizers().read(which.optimizer, "optimizer").make({*energy});
    const Json schedule =
        which.schedule == "step" ? Json{{"name", "step"}, {"every", 6}} : Json{{"name", which.schedule}};
    trainer =
        trainers()
            .read(which.trainer, "trainer")
            .make({.energy = energy,
                   .domain = domain,
                   .optimizer = optimizer,
                   .data = data_,
                   .random = std::make_shared<Random>(4, "particles", device),
                   .optimizer_schedule = schedules().read(schedule, "schedule").make({.iterations = 100}),
                   .particle_schedule = schedules().read(schedule, "schedule").make({.iterations = 100}),
                   .gradient_clip = which.clip,
                   .average_decay = 0.9,
                   .deferred_checks = deferred,
                   .cuda_graph = graph});
  }

  void step(int iterations) {
    for (int i = 0; i < iterations; ++i) {
      const auto batch =
          batch_size_ == 0 ? data_ : data_.index_select(0, batches_.subset(data_.size(0), batch_size_));
      trainer->step(batch);
    }
  }

  void save(const std::filesystem::path& path) {
    save_checkpoint(path, {*energy, *optimizer, *trainer, batches_}, {});
  }
  void load(const std::filesystem::path& path) {
    load_checkpoint(path, {*energy, *optimizer, *trainer, batches_});
  }

  /// All numbers that training has moved.
  torch::Tensor state() const {
    std::vector<torch::Tensor> parts;
    for (const auto& parameter : energy->parameters()) parts.push_back(parameter.detach().reshape({-1}));
    for (const auto& buffer : energy->buffers()) parts.push_back(buffer.reshape({-1}));
    if (trainer->particles().defined()) parts.push_back(trainer->particles().reshape({-1}));
    return torch::cat(parts).cpu();
  }

  std::shared_ptr<Energy> energy;
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  std::shared_ptr<Trainer> trainer;

 private:
  torch::Tensor data_;
  std::int64_t batch_size_;
  Random batches_;
};

/// Whether this build captures iterations on a device.
bool captures([[maybe_unused]] torch::Device device) {
#if defined(EBM_WITH_CUDA)
  return device.is_cuda();
#else
  return false;
#endif
}

class EveryTrainer : public ::testing::TestWithParam<std::tuple<std::string, DeviceCase>> {};

// On the CPU: checks that are deferred change no bit. On CUDA: a replayed graph is the eager run, draw for
// draw, through restarts, steps of a schedule and an average.
TEST_P(EveryTrainer, RunsInTheSameBitsDeferredAndReplayed) {
  const auto& [name, which] = GetParam();
  EBM_NEEDS_DEVICE(name);
  const torch::Device device(name);
  for (const std::int64_t batch_size : {0, 20}) {
    DeviceRun plain(which, device, /*deferred=*/device.is_cuda(), /*graph=*/false, batch_size);
    DeviceRun deferred(which, device, /*deferred=*/true, /*graph=*/true, batch_size);
    plain.step(15);
    deferred.step(15);
    deferred.trainer->require_finite();
    EXPECT_TRUE(torch::equal(plain.state(), deferred.state())) << distance(plain.state(), deferred.state());
    if (captures(device)) {
      EXPECT_EQ(deferred.trainer->captured().replays(), which.replays);
      EXPECT_EQ(deferred.trainer->captured().given_up_because(), "");
    }
    EXPECT_GT(distance(deferred.state(), DeviceRun(which, device, true, true, batch_size).state()), 1e-6);
  }
}

// A load replaces what a graph was captured with: the run goes on as one that never had that graph.
TEST_P(EveryTrainer, GoesOnFromALoadAsAFreshTrainerDoes) {
  const auto& [name, which] = GetParam();
  EBM_NEEDS_DEVICE(name);
  const torch::Device device(name);
  const TemporaryFolder folder;
  DeviceRun run(which, device, true, true, /*batch_size=*/20), fresh(which, device, true, true, 20);
  run.step(2);
  run.save(folder / "checkpoint");
  run.step(10);
  run.load(folder / "checkpoint");
  fresh.load(folder / "checkpoint");
  run.step(10);
  fresh.step(10);
  EXPECT_TRUE(torch::equal(run.state(), fresh.state())) << distance(run.state(), fresh.state());
  run.load(folder / "checkpoint");
  EXPECT_GT(distance(run.state(), fresh.state()), 1e-6);
}

/// While one lives, notes the operators that read a number of a tensor, on all threads: on a CUDA device each
/// would wait for it.
class ReadsOfNumbers {
 public:
  ReadsOfNumbers() {
    seen().clear();
    handle_ = at::addGlobalCallback(at::RecordFunctionCallback(note));
  }
  ~ReadsOfNumbers() { at::removeCallback(handle_); }

  static std::set<std::string>& seen() {
    static std::set<std::string> names;
    return names;
  }

 private:
  static std::unique_ptr<at::ObserverContext> note(const at::RecordFunction& function) {
    static const std::set<std::string> reading = {"aten::item",          "aten::_local_scalar_dense",
                                                  "aten::is_nonzero",    "aten::nonzero",
                                                  "aten::masked_select", "aten::equal",
                                                  "aten::allclose",      "aten::unique_dim"};
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (const std::string name = function.name(); reading.contains(name)) seen().insert(name);
    return nullptr;
  }

  at::CallbackHandle handle_;
};

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += name + " ";
  return text;
}

// What can be known of it without a CUDA device: in an iteration as that device has it nobody reads a number.
TEST_P(EveryTrainer, ReadsNoNumberOfATensor) {
  const auto& [name, which] = GetParam();
  EBM_NEEDS_DEVICE(name);
  if (which.energy["name"] == "von_mises_fisher" && name == "cpu") {
    GTEST_SKIP() << "on the CPU its normaliser is the scalar function";
  }
  DeviceRun run(which, torch::Device(name), /*deferred=*/true, /*graph=*/false, /*batch_size=*/20);
  run.step(1);
  const ReadsOfNumbers reads;
  run.step(5);
  EXPECT_EQ(joined(ReadsOfNumbers::seen()), "");
  run.trainer->require_finite();
  EXPECT_NE(joined(ReadsOfNumbers::seen()), "") << "this test sees nothing";
}

// The host hands work over and never waits, neither before the graph nor with it. Iteration 4 captures, which
// waits.
TEST_P(EveryTrainer, DoesNotWaitForTheDevice) {
  const auto& [name, which] = GetParam();
  if (name == "cpu") return;  // there is nothing to wait for
  EBM_NEEDS_DEVICE(name);
#if defined(EBM_WITH_CUDA)
  struct Forbid {
    Forbid() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_ERROR); }
    ~Forbid() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_DISABLED); }
  };
  for (const bool graph : {false, true}) {
    if (graph && which.schedule != "constant") continue;  // captured again now and then
    DeviceRun run(which, torch::Device(name), /*deferred=*/true, graph, /*batch_size=*/20);
    run.step(5);
    const Forbid waiting;
    EXPECT_NO_THROW(run.step(20)) << (graph ? "replayed" : "eager");
  }
#else
  GTEST_SKIP() << "built without a CUDA compiler, whose headers the check needs";
#endif
}

#if __has_include("framework/compute/normals.hpp")
// Where all draws are normals, a CUDA device draws those of the CPU and the runs agree to rounding.
TEST_P(EveryTrainer, RunsAsOnTheCpu) {
  const auto& [name, which] = GetParam();
  EBM_NEEDS_DEVICE(name);
  const auto kind = which.trainer["name"].get<std::string>();
  const bool normals_alone = which.label.starts_with("dual_gda") || kind.starts_with("exact") ||
                             kind == "maximum_likelihood" || which.label == "restart_every";
  if (!normals_alone)
    GTEST_SKIP() << "its other draws are of LibTorch's generator, one for each kind of device";
  DeviceRun here(which, torch::kCPU, false, false, 0), there(which, torch::Device(name), true, true, 0);
  here.step(15);
  there.step(15);
  EXPECT_LT(distance(here.state(), there.state()), 1e-9);
}
#endif

INSTANTIATE_TEST_SUITE_P(Devices, EveryTrainer,
                         ::testing::Combine(devices(), ::testing::ValuesIn(device_cases())),
                         [](const auto& named) {
                           return std::get<0>(named.param) + "_" + std::get<1>(named.param).label;
                         });

}  // namespace
}  // namespace ebm::testing
