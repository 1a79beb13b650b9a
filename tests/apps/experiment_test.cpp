#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/making.hpp"
#include "dualebm/framework/experiment/tuning_plan.hpp"

#include <nlohmann/json.hpp>

#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

Experiment experiment_of(const Json& configuration) {
  return read_experiment(configuration, standard_catalogue());
}

Json small() { return Json::parse(small_configuration); }

TEST(Experiment, TheResolvedConfigurationReadsBackToItself) {
  const auto first = experiment_of(small()).resolved;
  EXPECT_EQ(experiment_of(first).resolved, first);
}

TEST(Experiment, EveryShippedConfigurationIsValid) {
  int count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(EBM_SOURCE_DIR) / "apps/configs")) {
    const auto configuration = load_configuration(file.path().string(), {});
    const auto experiment = experiment_of(configuration);
    EXPECT_EQ(experiment.general.title, file.path().stem());
    EXPECT_FALSE(experiment.comparison.expanded(experiment.resolved).empty());
    const auto trials = static_cast<std::size_t>(experiment.tuning.trials);
    if (!experiment.tuning.ranges.empty()) {
      EXPECT_EQ(plan_tuning(configuration, standard_catalogue()).trials.size(), trials);
    }
    ++count;
  }
  EXPECT_GE(count, 8);
}

TEST(Experiment, TheRatioOfTimeScalesSetsTheNeuronStepAndKeepsTheProportion) {
  auto configuration = small();
  configuration["time_scale_ratio"] = 5;
  configuration["trainer"]["particle_step"] = 0.01;
  const auto optimizer = experiment_of(configuration).resolved["optimizer"];
  EXPECT_DOUBLE_EQ(optimizer["neuron_step"].get<double>(), 0.05);
  EXPECT_DOUBLE_EQ(optimizer["weight_step"].get<double>(), 0.025);
}

TEST(Experiment, TrainValidationAndTestShareNoPoint) {
  auto configuration = small();
  configuration["dataset"]["validation"] = 100;
  const auto problem = make_problem(experiment_of(configuration), torch::kCPU);
  const auto& train = problem.problem->data().train;
  const auto &validation = problem.problem->data().validation, &test = problem.problem->data().test;
  EXPECT_EQ(validation.size(0), 100);
  EXPECT_GT(at::cdist(train, validation).min().item<double>(), 0);
  EXPECT_GT(at::cdist(train, test).min().item<double>(), 0);
  EXPECT_GT(at::cdist(validation, test).min().item<double>(), 0);
}

TEST(Experiment, DataDependOnTheDataSeedAlone) {
  auto configuration = small();
  configuration["data_seed"] = 7;
  const auto a = make_problem(experiment_of(configuration), torch::kCPU).problem->data().train;
  configuration["seed"] = 99;
  configuration["energy"]["neurons"] = 3;
  EXPECT_TRUE(a.equal(make_problem(experiment_of(configuration), torch::kCPU).problem->data().train));
  configuration["data_seed"] = 8;
  EXPECT_FALSE(a.equal(make_problem(experiment_of(configuration), torch::kCPU).problem->data().train));
}

// A script inside of a sum is as much a stranger's code as one that stands alone.
TEST(Experiment, TrustReachesThePartsOfASum) {
  const Json script = {{"name", "script"}, {"path", "x.pt"}, {"trust", true}}, mlp = {{"name", "mlp"}};
  const Json sum = {{"name", "sum"}, {"parts", {{"a", mlp}, {"b", script}}}};
  const Json given = {{"energy", sum}, {"dataset", {{"teacher", sum}}}};
  const auto refused = with_trust(given, false), trusted = with_trust(refused, true);
  for (const char* place : {"/energy/parts/b/trust", "/dataset/teacher/parts/b/trust"}) {
    const Json::json_pointer pointer(place);
    EXPECT_EQ(refused[pointer], false) << place;
    EXPECT_EQ(trusted[pointer], true) << place;
  }
  EXPECT_EQ(refused["energy"]["parts"]["a"], mlp) << "nothing is added to another";
}

TEST(Experiment, ComparisonsSayWhatIsWrongWithThem) {
  const auto expanded = [](const Json& compare) {
    auto configuration = small();
    configuration["compare"] = compare;
    const auto experiment = experiment_of(configuration);
    return experiment.comparison.expanded(experiment.resolved);
  };
  EXPECT_EQ(expanded(Json::object()).size(), 4u);
  EXPECT_EQ(expanded({{"sweep_parameter", "time_scale_ratio"}, {"sweep_values", {1, 2}}}).size(), 2u);
  expect_contains(user_error([&] {
                    expanded({{"entries", Json::array({{{"lable", "x"}}})}});
                  }),
                  "compare.entries[0].lable: unknown key (did you mean \"label\"?)");
  expect_contains(user_error([&] { expanded({{"sweep_parameter", "seed"}}); }), "go together");
}

}  // namespace
}  // namespace ebm::testing
