#include <cstring>
#include <nlohmann/json.hpp>
#include <ostream>

#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/training.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/support.hpp"
#include "tests/support/thread_ranks.hpp"

/// Trainings over ranks, which are threads here.
namespace ebm::testing {
namespace {

/// More points than a table has that is whole on every rank, and no multiple of anything.
constexpr std::int64_t points = 17001;

struct RanksCase {
  std::string label;
  Json trainer, energy = {{"name", "shallow"}, {"neurons", 5}},
                optimizer = {{"name", "wasserstein_fisher_rao"}}, sampler = nullptr;
  std::int64_t batch_size = 0;
  torch::ScalarType dtype = torch::kFloat;
};

std::ostream& operator<<(std::ostream& out, const RanksCase& which) { return out << which.label; }

std::vector<RanksCase> ranks_cases() {
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
       {{"name", "gaussian_bumps"}, {"concentrations", {8, 40}}, {"lattice_below", 1}, {"most_centres", 20}},
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
std::unique_ptr<Training> training_of(const RanksCase& which, std::shared_ptr<Communicator> ranks) {
  const auto domain = std::make_shared<Sphere>(3);
  Random parameters(1, "parameters"), data(2, "data");
  const auto train = domain->sample_base(points, data, which.dtype);
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

void go_on(Training& training, const RanksCase& which, int iterations) {
  for (int i = 0; i < iterations; ++i) {
    training.step(training.draw_batch(which.batch_size));
    training.watch();
  }
}

/// Bit for bit, name by name.
void expect_same(const State& found, const State& expected) {
  EXPECT_EQ(found.values().size(), expected.values().size());
  for (const auto& [name, value] : expected.values()) {
    ASSERT_TRUE(found.has(name)) << name;
    if (const auto* tensor = std::get_if<torch::Tensor>(&value)) {
      const auto mine = found.tensor(name).contiguous(), other = tensor->contiguous();
      ASSERT_EQ(mine.sizes(), other.sizes()) << name;
      EXPECT_EQ(std::memcmp(mine.data_ptr(), other.data_ptr(), other.nbytes()), 0) << name;
    } else {
      EXPECT_TRUE(found.values().at(name) == value) << name;
    }
  }
}

class TrainingOverRanks : public ::testing::TestWithParam<RanksCase> {};

// The whole state: parameters, average, optimizer, all particles, streams, counts, and
// the good states of before.
TEST_P(TrainingOverRanks, IsTheSameBitsForAnyNumberOfThem) {
  const auto alone = training_of(GetParam(), nullptr);
  go_on(*alone, GetParam(), 5);
  const auto expected = alone->save();
  for (const int size : {2, 3, 4, 8}) {
    as_ranks(size, [&](const auto& ranks) {
      const auto training = training_of(GetParam(), ranks);
      go_on(*training, GetParam(), 5);
      const auto state = training->save();
      if (!ranks->is_first()) return;
      SCOPED_TRACE(size);
      expect_same(state, expected);
    });
  }
}

// Three ranks begin, two go on, one more takes over.
TEST_P(TrainingOverRanks, GoesOnWithAnyOtherNumberOfThem) {
  const auto uninterrupted = training_of(GetParam(), nullptr);
  go_on(*uninterrupted, GetParam(), 6);
  const auto expected = uninterrupted->save();
  State state;
  for (const int size : {3, 2, 1}) {
    State next;
    as_ranks(size, [&](const auto& ranks) {
      const auto training = training_of(GetParam(), ranks);
      if (!state.values().empty()) training->load(state);
      go_on(*training, GetParam(), 2);
      const auto saved = training->save();
      if (ranks->is_first()) next = saved;
    });
    state = next;
  }
  expect_same(state, expected);
}

INSTANTIATE_TEST_SUITE_P(Cases, TrainingOverRanks, ::testing::ValuesIn(ranks_cases()),
                         [](const auto& named) { return named.param.label; });

/// The error of two ranks that train a case.
std::string refusal(const RanksCase& which) {
  return user_error(
      [&] { as_ranks(2, [&](const auto& ranks) { go_on(*training_of(which, ranks), which, 1); }); });
}

TEST(Ranks, AreRefusedByTrainersThatKeepTheirWorkOnOne) {
  const Json mlp = {{"name", "mlp"}, {"hidden", {4}}}, adam = {{"name", "adam"}};
  for (const auto& name : catalogue().trainers.names()) {
    Json section = {{"name", name}};
    if (name == "persistent_contrastive_divergence") section["buffer_size"] = 100;
    const auto spreads = name == "maximum_likelihood" || name == "restart_gda" || name == "score_matching";
    if (spreads || name == "denoising_score_matching") continue;
    SCOPED_TRACE(name);
    expect_contains(refusal({.label = "", .trainer = section, .energy = mlp, .optimizer = adam}),
                    name == "dual_gda" ? "ranks: 2 were started, and particles with weights are on one; set "
                                         "trainer.particle_step, or trainer.weights to false"
                                       : "ranks: 2 were started, and this trainer keeps all its work on one");
  }
  expect_contains(refusal({"", {{"name", "dual_gda"}, {"weights", false}}}),
                  "ranks: 2 were started, and the kernel that moves the particles keeps all of them on one");
  expect_contains(
      refusal({.label = "", .trainer = {{"name", "maximum_likelihood"}}, .sampler = {{"name", "mala"}}}),
      "set trainer.particle_step, or the sampler to langevin");
}

/// An energy of somebody's own that adds up its gradient, and has not heard of ranks.
class Selfish final : public Energy {
 public:
  explicit Selfish(bool together)
      : together_(together), scale_(register_parameter("scale", torch::ones({1}))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return scale_ * x.square().sum(1); }
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override {
    const torch::NoGradGuard no_grad;
    scale_.mutable_grad() = (weight * x.square().sum(1)).sum().reshape({1});
  }
  bool row_parallel() const override { return !together_; }

 private:
  bool together_;
  torch::Tensor scale_;
};

std::string refusal_of_selfish(bool together) {
  return user_error([&] {
    as_ranks(2, [&](const auto& ranks) {
      const auto domain = std::make_shared<Sphere>(3);
      Random random(2, "data");
      const auto energy = std::make_shared<Selfish>(together);
      const auto problem = std::make_shared<Problem>(
          domain, Dataset{.train = domain->sample_base(points, random, torch::kFloat)});
      auto trainer = catalogue()
                         .trainers.read({{"name", "dual_gda"}, {"particle_step", 0.02}}, "trainer")
                         .make({energy, problem, std::make_shared<Random>(4), nullptr, ranks});
      Training training(std::move(trainer),
                        catalogue().optimizers.read({{"name", "adam"}}, "o").make({*energy}));
      training.step(training.draw_batch(0));
    });
  });
}

TEST(Ranks, AreRefusedByEnergiesThatWouldLeaveOutTheRowsOfOthers) {
  expect_contains(refusal_of_selfish(false), "ranks: this energy has an accumulate_gradient of its own");
  expect_contains(refusal_of_selfish(true), "rows of this energy depend on one another");
}

/// Asks to stop at an iteration, on one rank.
class StopOnOne final : public Callback {
 public:
  explicit StopOnOne(bool mine) : mine_(mine) {}
  void on_step(const Progress& progress) override { now_ = mine_ && progress.iteration == 3; }
  std::optional<StopReason> stop_reason() const override {
    return now_ ? std::optional(StopReason{RunEnd::interrupted, "by rank 1"}) : std::nullopt;
  }

 private:
  bool mine_, now_ = false;
};

TEST(Ranks, EndTogetherWhenOneIsAskedTo) {
  as_ranks(3, [](const auto& ranks) {
    const auto training = training_of(ranks_cases().front(), ranks);
    StopOnOne callback(ranks->rank() == 1);
    const auto result = fit(*training, {.iterations = 10}, {&callback});
    EXPECT_EQ(result.progress.iteration, 3);
    EXPECT_EQ(result.end, RunEnd::interrupted);
    EXPECT_EQ(result.reason, "by rank 1");
  });
}

TEST(Ranks, ThatHaveDriftedApartAreNotedWhenAStateIsTaken) {
  const auto message = user_error([] {
    as_ranks(2, [](const auto& ranks) {
      const auto training = training_of(ranks_cases().front(), ranks);
      if (ranks->rank() == 1) {
        const torch::NoGradGuard no_grad;
        training->energy().parameters().front().mul_(1 + 1e-6);
      }
      training->save();
    });
  });
  expect_contains(message, "ranks: rank 1 differs from rank 0 in its parameters");
}

}  // namespace
}  // namespace ebm::testing
