#include "tests/support/devices.hpp"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <mutex>
#include <set>

#include "tests/trainers/every_trainer.hpp"
#if defined(EBM_WITH_CUDA)
#include <c10/cuda/CUDAFunctions.h>
#endif

namespace ebm::testing {
namespace {

class EveryTrainer : public EveryTrainerOnEveryDevice {};

/// A graph is captured in the fourth of iterations that are alike, and stands for all that follow.
void expect_replayed(const DeviceCase& which, const Executor& executor) {
#if defined(EBM_WITH_CUDA)
  EXPECT_EQ(executor.why_not(), "");
  if (which.waits) {
    EXPECT_EQ(executor.replays(), 0);
    return;
  }
  // Of 15 iterations the first three that are alike run eagerly; restarts and steps of a schedule are unlike,
  // and the first iteration of exact_likelihood, which looks at its rule.
  if (which.repeats_always()) {
    EXPECT_EQ(executor.replays(), which.label == "exact_likelihood" ? 11 : 12);
  } else {
    EXPECT_GE(executor.replays(), 6);
  }
#else
  EXPECT_EQ(executor.replays(), 0) << which.label << ": built without graphs";
#endif
}

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
    deferred.training().require_finite();
    EXPECT_TRUE(torch::equal(plain.numbers(), deferred.numbers()))
        << distance(plain.numbers(), deferred.numbers());
    EXPECT_GT(distance(deferred.numbers(), DeviceRun(which, device, true, true, batch_size).numbers()), 1e-6);
    EXPECT_EQ(plain.training().executor().replays(), 0);
    if (device.is_cuda()) expect_replayed(which, deferred.training().executor());
  }
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
  if (which.waits) GTEST_SKIP() << "its weights are looked at by the host, outside of any graph";
  DeviceRun run(which, torch::Device(name), /*deferred=*/true, /*graph=*/false, /*batch_size=*/20);
  run.step(1);
  const ReadsOfNumbers reads;
  run.step(5);
  EXPECT_EQ(joined(ReadsOfNumbers::seen()), "");
  run.training().require_finite();
  EXPECT_NE(joined(ReadsOfNumbers::seen()), "") << "this test sees nothing";
}

// The host hands work over and never waits, neither before the graph nor with it. Iteration 4 captures, which
// waits.
TEST_P(EveryTrainer, DoesNotWaitForTheDevice) {
  const auto& [name, which] = GetParam();
  if (name == "cpu" || which.waits) return;  // there is nothing to wait for, or it does wait
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

// Where all draws are normals, a CUDA device draws those of the CPU and the runs agree to rounding.
TEST_P(EveryTrainer, RunsAsOnTheCpu) {
  const auto& [name, which] = GetParam();
  EBM_NEEDS_DEVICE(name);
  if (!which.draws_normals_alone())
    GTEST_SKIP() << "its other draws are of LibTorch's generator, one for each kind of device";
  DeviceRun here(which, torch::kCPU, false, false, 0), there(which, torch::Device(name), true, true, 0);
  here.step(15);
  there.step(15);
  EXPECT_LT(distance(here.numbers(), there.numbers()), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Devices, EveryTrainer, EveryTrainer::all(), EveryTrainer::name_of);

}  // namespace
}  // namespace ebm::testing
