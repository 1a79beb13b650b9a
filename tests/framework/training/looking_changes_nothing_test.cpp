#include <ATen/ATen.h>
#include <torch/optim/adam.h>
#include <nlohmann/json.hpp>

#include "dualebm/framework/training/callbacks/early_stop.hpp"
#include "dualebm/framework/training/callbacks/stop_at.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A network with spectral normalisation, whose buffers every projection changes, on points of the plane.
std::shared_ptr<Mlp> spectral_network(std::uint64_t seed = 3) {
  Random random(seed, "parameters");
  return std::make_shared<Mlp>(EnergyContext{std::make_shared<Euclidean>(2), torch::kFloat, random},
                               Mlp::Options{.hidden = {8, 8}, .spectral_norm = true});
}

struct SpectralRun {
  explicit SpectralRun(double average_decay = 0.9)
      : training(std::make_shared<DualGda>(TrainerContext{.energy = energy,
                                                          .problem = problem,
                                                          .random = std::make_shared<Random>(4, "noise")},
                                           ParticleOptions{.particle_step = 0.02}),
                 std::make_shared<torch::optim::Adam>(energy->parameters(), torch::optim::AdamOptions(0.01)),
                 {.average_decay = average_decay}) {}

  FitResult to(std::int64_t iterations, std::int64_t every, bool keep_best = false) {
    EarlyStop watch(training, evaluator->descriptions(), {.metric = "nll_train", .patience = 1000});
    return fit(training,
               {.iterations = iterations, .batch_size = 5, .evaluate_every = every, .evaluator = evaluator},
               keep_best ? std::vector<Callback*>{&watch} : std::vector<Callback*>{});
  }

  std::shared_ptr<const Problem> problem = std::make_shared<Problem>(
      std::make_shared<Euclidean>(2), Dataset{.train = Random(1, "data").normal({20, 2}, torch::kFloat)});
  std::shared_ptr<const Evaluator> evaluator =
      std::make_shared<Evaluator>(problem, Evaluator::Options{.quadrature = {.resolution = 4}});
  std::shared_ptr<Mlp> energy = spectral_network();
  Training training;
};

/// Every tensor that the next iteration depends on.
void expect_same_tensors(const State& a, const State& b, const std::string& when) {
  for (const char* part : {"energy", "optimizer", "trainer", "average"}) {
    const auto expected = a.part(part), found = b.part(part);
    ASSERT_EQ(expected.values().size(), found.values().size()) << when << ": " << part;
    for (const auto& [name, value] : expected.values()) {
      if (const auto* tensor = std::get_if<torch::Tensor>(&value)) {
        EXPECT_TRUE(torch::equal(*tensor, found.tensor(name))) << when << ": " << part << "." << name;
      }
    }
  }
  for (const char* stream : {"random", "batches"})
    EXPECT_TRUE(torch::equal(a.tensor(stream), b.tensor(stream))) << when << ": " << stream;
}

// The average of weights is projected to be shown, and that is one more power iteration: its
// buffers must come back too.
TEST(Training, EvaluationsChangeNoBitOfIt) {
  ASSERT_FALSE(spectral_network()->buffers().empty());
  SpectralRun reference;
  reference.to(20, 0);
  for (const bool keep_best : {false, true}) {
    for (const std::int64_t every : {1, 10, 0}) {
      SpectralRun run;
      run.to(20, every, keep_best);
      expect_same_tensors(reference.training.save(), run.training.save(),
                          fmt::format("every {}, {}", every, keep_best ? "with a best model" : "plain"));
    }
  }
}

// A result that was shown is no part of the training.
TEST(Training, GoesOnAfterItsResultWasShown) {
  SpectralRun whole, parts;
  whole.to(12, 0);
  for (const std::int64_t end : {3, 7, 12}) parts.to(end, 0, /*keep_best=*/true);
  expect_same_tensors(whole.training.save(), parts.training.save(), "in three parts");
}

TEST(Training, AStateDoesNotFollowTheRun) {
  SpectralRun run, other;
  run.to(4, 0);
  const auto state = run.training.save();
  other.to(4, 0);
  run.to(9, 0);
  expect_same_tensors(other.training.save(), state, "after five more iterations");
  run.training.load(state);
  expect_same_tensors(other.training.save(), run.training.save(), "back again");
}

TEST(ModelSnapshot, HoldsParametersAndBuffers) {
  auto energy = spectral_network(3), other = spectral_network(5);
  const auto before = state_of(*energy);
  std::map<std::string, torch::Tensor> copies;
  for (const auto& [name, value] : before.values()) copies[name] = std::get<torch::Tensor>(value).clone();
  const ModelSnapshot snapshot(*energy);
  restore(*energy, state_of(*other));
  const auto is_as_before = [&](const torch::nn::Module& module) {
    const auto now = state_of(module);
    for (const auto& [name, tensor] : copies) EXPECT_TRUE(torch::equal(now.tensor(name), tensor)) << name;
  };
  for (const auto& [name, tensor] : copies) {
    EXPECT_FALSE(torch::equal(state_of(*energy).tensor(name), tensor)) << name << " was not changed";
  }
  snapshot.write_to(*energy);
  is_as_before(*energy);
  State saved;
  snapshot.save(saved);
  ModelSnapshot second(*other);
  second.load(saved);
  second.write_to(*other);
  is_as_before(*other);
}

TEST(ModelSnapshot, RefusesOtherShapes) {
  Random random(1, "parameters");
  Mlp wider(EnergyContext{std::make_shared<Euclidean>(2), torch::kFloat, random}, {.hidden = {9, 8}});
  State saved;
  ModelSnapshot(wider).save(saved);
  ModelSnapshot snapshot(*spectral_network());
  expect_contains(user_error([&] { snapshot.load(saved); }), "instead of");
}

TEST(Training, RefusesWhatDoesNotBelongTogether) {
  SpectralRun run;
  const auto stranger = spectral_network(9);
  const auto trainer = std::make_shared<DualGda>(
      TrainerContext{
          .energy = run.energy, .problem = run.problem, .random = std::make_shared<Random>(1, "noise")},
      ParticleOptions{.particle_step = 0.02});
  const auto of_stranger =
      std::make_shared<torch::optim::Adam>(stranger->parameters(), torch::optim::AdamOptions(0.01));
  expect_contains(user_error([&] { Training(trainer, of_stranger); }), "none of the energy's parameters");
  expect_contains(user_error([&] { Training(nullptr, of_stranger); }), "there is no trainer");
  expect_contains(user_error([&] { Training(trainer, nullptr); }), "there is no optimizer");
}

/// A callback of a user's own: it ends the run after so many iterations.
class AtMost final : public Callback {
 public:
  struct Options {
    std::int64_t iterations = 3;
    void describe(Fields& fields) {
      fields.integer("iterations", iterations, Range::at_least(1), "how many");
    }
  };
  explicit AtMost(const Options& options) : options_(checked(options, "at_most")) {}
  void on_step(const Progress& progress) override { done_ = progress.iteration; }
  std::optional<StopReason> stop_reason() const override {
    if (done_ < options_.iterations) return std::nullopt;
    return StopReason{.text = "enough"};
  }

 private:
  Options options_;
  std::int64_t done_ = 0;
};

TEST(Callback, OfAUsersOwnIsMadeFromACatalogueAndEndsARun) {
  auto own = catalogue();
  own.callbacks.add<AtMost>("at_most", "ends a run early");
  SpectralRun run;
  const auto callback = own.callbacks.read({{"name", "at_most"}, {"iterations", 2}}, "callbacks[0]")
                            .make({run.evaluator->descriptions()});
  const auto result = fit(run.training, {.iterations = 10, .evaluator = run.evaluator}, {callback.get()});
  EXPECT_EQ(result.end, RunEnd::stopped);
  EXPECT_EQ(result.reason, "enough");
  EXPECT_EQ(result.progress.iteration, 2);
  EXPECT_EQ(catalogue().callbacks.names().size() + 1, own.callbacks.names().size())
      << "a catalogue is one's own";
}

/// Whether a metric of these values in a row ends a run, and after how many.
std::size_t reached_after(const StopAt::Options& options, const std::string& metric,
                          const std::vector<double>& values) {
  std::vector<MetricDescription> descriptions;
  for (const auto& known : standard_metrics()) descriptions.push_back(known->description());
  descriptions.push_back({"score", "score", "", "higher", false, "the more the better"});
  StopAt stop({descriptions}, options);
  for (std::size_t i = 0; i < values.size(); ++i) {
    stop.on_record({.progress = {}, .metrics = {{metric, values[i]}}});
    if (const auto reason = stop.stop_reason()) {
      EXPECT_EQ(reason->end, RunEnd::stopped);
      EXPECT_EQ(reason->text, fmt::format("{} has come to {:g}", metric, options.value));
      return i + 1;
    }
  }
  return 0;
}

TEST(StopAt, EndsWhenTheMetricIsAsGoodAsAskedFor) {
  EXPECT_EQ(reached_after({.metric = "kl", .value = 0.5}, "kl", {2, 0.6, 0.5, 0.1}), 3U);
  EXPECT_EQ(reached_after({.metric = "kl", .value = 0.5}, "kl", {2, 0.6}), 0U);
  EXPECT_EQ(reached_after({.metric = "score", .value = 3}, "score", {1, 2, 4}), 3U);
}

TEST(StopAt, RefusesMetricsItCannotJudge) {
  expect_contains(user_error([] { reached_after({.metric = "tv"}, "tv", {1}); }), "neither direction of tv");
  expect_contains(user_error([] { reached_after({.metric = "kll"}, "kl", {1}); }), "did you mean \"kl\"?");
  expect_contains(user_error([] { reached_after({.metric = "kl"}, "tv", {1}); }), "no metric kl");
}

}  // namespace
}  // namespace ebm::testing
