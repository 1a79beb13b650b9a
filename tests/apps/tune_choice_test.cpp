#include <nlohmann/json.hpp>

#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "tests/apps/small_searches.hpp"

namespace ebm::testing {
namespace {

/// Two candidates whose runs are over before they begin: a Gaussian about 0 and one about 3. @param parts of
/// the rows about 0 and of those about 3
Outcome choose(const TemporaryFolder& folder, const std::pair<std::string, std::string>& parts) {
  std::string rows = "x0\n", split = "row,split\n";
  for (int i = 0; i < 60; ++i) {
    const bool far = i % 2 != 0;
    rows += fmt::format("{}\n", (far ? 3.0 : 0.0) + 0.01 * i);
    split += fmt::format("{},{}\n", i, i < 20 ? "train" : far ? parts.second : parts.first);
  }
  const Json configuration = {
      {"domain", {{"name", "euclidean"}, {"dimension", 1}}},
      {"dataset",
       {{"name", "points_csv"},
        {"path", folder.write("rows.csv", rows).string()},
        {"split", folder.write("split.csv", split).string()}}},
      {"energy", {{"name", "gaussian"}}},
      {"optimizer", {{"name", "sgd"}}},
      {"loop", {{"iterations", 0}}},
      {"tune", {{"trials", 2}, {"ranges", {{"energy.mean", {{"values", {{0}, {3}}}}}}}}}};
  return run_program({"tune", folder.write("c.json", configuration.dump()).string(), "--out",
                      (folder / "out").string(), "--force", "--workers", "1"});
}

// Validation says 0 where the test points say 3, and the other way round: the choice follows validation.
TEST(TuneChoice, TheWinnerIsNeverChosenOnTest) {
  const TemporaryFolder folder;
  for (const auto& [parts, mean] : {std::pair{std::pair{"val", "test"}, 0.0}, {{"test", "val"}, 3.0}}) {
    const auto outcome = choose(folder, parts);
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    const auto best = read_json_file((folder / "out" / "best.json").string());
    EXPECT_EQ(best["energy"]["mean"], Json::array({mean}));
    const auto trials = trials_of(folder / "out");
    EXPECT_GT(trials["test"]["value"].get<double>(), trials["best"]["value"].get<double>() + 3);
  }
  // No trial has had sight of them.
  for (const char* label : {"trial001", "trial002"}) {
    const auto metrics = read_file(folder / "out" / label / "seed0" / "metrics.jsonl");
    expect_contains(metrics, "nll_validation");
    EXPECT_EQ(metrics.find("test"), std::string::npos) << metrics;
  }
}

// Without validation points nothing can be chosen; the advice gets some.
TEST(TuneChoice, DataWithoutValidationPointsAreRefused) {
  const TemporaryFolder folder;
  auto configuration = halving_configuration();
  configuration["dataset"].erase("validation");
  configuration["loop"]["iterations"] = 9;
  const auto config = folder.write("c.json", configuration.dump()).string();
  const auto out = folder / "out";
  const auto refused = run_program({"tune", config, "--out", out.string()});
  expect_user_error(refused,
                    "tune: the data have no validation points to choose by; set dataset.validation=1000");
  EXPECT_FALSE(std::filesystem::exists(out));
  const auto advised =
      run_program({"tune", config, "--out", out.string(), "--set", "dataset.validation=1000"});
  EXPECT_EQ(advised.code, 0) << advised.error;
}

// On S¹⁴ there is no quadrature; the metric that the message names is one that can be had.
TEST(TuneChoice, AMetricThatCannotBeKnownIsRefusedBeforeAnyTraining) {
  const TemporaryFolder folder;
  auto configuration = halving_configuration();
  configuration["domain"] = {{"name", "sphere"}, {"dimension", 15}};
  configuration["dataset"]["teacher"] = {{"name", "teacher"},
                                         {"neurons", {{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}};
  configuration["loop"]["iterations"] = 9;
  configuration["tune"]["ranges"]["optimizer"] = {{"values", {{{"name", "adam"}}}}};
  const auto config = folder.write("c.json", configuration.dump()).string();
  const auto out = folder / "out";
  expect_user_error(run_program({"tune", config, "--out", out.string()}), "take nll_validation_annealed");
  EXPECT_FALSE(std::filesystem::exists(out));
  const auto advised =
      run_program({"tune", config, "--out", out.string(), "--set", "tune.metric=nll_validation_annealed",
                   "--set", R"(metrics.options={"nll_validation_annealed": {"walkers": 100}})"});
  EXPECT_EQ(advised.code, 0) << advised.error;
}

Json random_configuration() {
  auto configuration = halving_configuration();
  configuration["loop"]["iterations"] = 20;
  configuration["tune"]["search"] = "random";
  configuration["tune"]["ranges"].erase("optimizer");
  return configuration;
}

// A random search that is given more trials ends as one that had them from the beginning.
TEST(TuneChoice, ARandomSearchMayHaveMoreTrials) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", random_configuration().dump()).string();
  const auto grown = folder / "grown", whole = folder / "whole";
  ASSERT_EQ(run_program({"tune", config, "--out", grown.string(), "--set", "tune.trials=3"}).code, 0);
  const auto model = grown / "trial002" / "seed0" / "model.ebm";
  const auto written = std::filesystem::last_write_time(model);
  const auto more = run_program({"tune", "--resume", grown.string(), "--set", "tune.trials=5"});
  ASSERT_EQ(more.code, 0) << more.error;
  EXPECT_EQ(std::filesystem::last_write_time(model), written);
  ASSERT_EQ(run_program({"tune", config, "--out", whole.string(), "--set", "tune.trials=5"}).code, 0);
  EXPECT_EQ(outcomes_of(grown), outcomes_of(whole));
  EXPECT_EQ(trials_of(grown)["best"], trials_of(whole)["best"]);
  const auto resume = [&](const std::string& change) {
    return run_program({"tune", "--resume", grown.string(), "--set", change});
  };
  expect_user_error(resume("tune.trials=4"), "tune.trials: 5 of the search cannot become 4");
  expect_user_error(resume("tune.seed=1"), "tune/seed differs from that of the search");
  expect_user_error(resume("loop.iterations=21"), "loop/iterations differs from that of the search");
  expect_user_error(run_program({"tune", config, "--out", grown.string()}), "holds a search already");
  expect_user_error(run_program({"compare", "--resume", grown.string()}), "made by dualebm tune");
  expect_user_error(run_program({"tune", "--resume", (folder / "none").string()}),
                    "not a comparison or a search");
}

// A cosine that ends with the run: a rung is a run of its own, which is said, and best.json is that of the
// last.
TEST(TuneChoice, WhereAScheduleFollowsTheLengthTrialsBeginAnew) {
  const TemporaryFolder folder;
  auto configuration = random_configuration();
  configuration["optimizer_schedule"] = {{"name", "cosine"}};
  configuration["loop"]["iterations"] = 40;
  configuration["tune"].update({{"search", "halving"}, {"trials", 2}, {"reduction", 2}});
  const auto out = folder / "out", run = folder / "run";
  const auto config = folder.write("c.json", configuration.dump()).string();
  const auto outcome = run_program({"tune", config, "--out", out.string(), "--workers", "1"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error,
                  "2 of 2 trials have a schedule that follows the share of the run that is done");
  const auto winner = trials_of(out)["best"]["label"].get<std::string>();
  EXPECT_EQ(read_records(out / (winner + "-rung1") / "seed0" / "metrics.jsonl").back().progress.iteration,
            20);
  ASSERT_EQ(run_program({"train", (out / "best.json").string(), "--out", run.string()}).code, 0);
  EXPECT_EQ(read_file(run / "model.ebm"), model_of(out, winner + "-rung2"));
}

}  // namespace
}  // namespace ebm::testing
