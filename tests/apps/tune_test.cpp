#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "tests/apps/program.hpp"
#include "tests/apps/waiting.hpp"

namespace ebm::testing {
namespace {

using namespace std::chrono_literals;

/// Nine trials by successive halving to 30, 90 and 270 iterations; where the optimizer is sgd with its huge step they
/// diverge.
Json halving_configuration() {
  auto configuration = Json::parse(small_configuration);
  configuration["dataset"]["validation"] = 100;
  configuration["trainer"]["particle_step"] = 0.02;
  configuration["loop"] = {{"iterations", 270}, {"checkpoint_every", 20}, {"recoveries", 0}};
  const Json flow = {{"name", "wasserstein_fisher_rao"}};
  configuration["tune"] = {
      {"search", "halving"},
      {"trials", 9},
      {"ranges",
       {{"energy.neurons", {{"from", 4}, {"to", 32}, {"scale", "log"}}},
        {"optimizer", {{"values", {flow, {{"name", "sgd"}, {"learning_rate", 1e30}}, {{"name", "adam"}}}}}}}}};
  return configuration;
}

std::string halving_file(const TemporaryFolder& folder) {
  return folder.write("c.json", halving_configuration().dump()).string();
}

Json trials_of(const std::filesystem::path& out) { return read_json_file((out / "trials.json").string()); }

/// What does not hang on the clock.
Json outcomes_of(const std::filesystem::path& out) {
  auto outcomes = trials_of(out)["outcomes"];
  for (auto& one : outcomes) one.erase("seconds");
  return outcomes;
}

std::string label_of(std::size_t trial) { return fmt::format("trial{:03}", trial); }

std::string model_of(const std::filesystem::path& out, const std::string& label) {
  return read_file(out / label / "seed0" / "model.ebm");
}

struct Search {
  Search() {
    outcome = run_program({"tune", halving_file(folder), "--out", out().string(), "--workers", "1"});
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
  std::filesystem::path out() const { return folder / "out"; }
  TemporaryFolder folder;
  Outcome outcome;
};

const Search& undisturbed() {
  static const Search once;
  return once;
}

void expect_same_as_undisturbed(const std::filesystem::path& out) {
  const auto& one = undisturbed().out();
  EXPECT_EQ(outcomes_of(out), outcomes_of(one));
  EXPECT_EQ(trials_of(out)["best"], trials_of(one)["best"]);
  EXPECT_EQ(trials_of(out)["test"], trials_of(one)["test"]);
  EXPECT_EQ(read_file(out / "best.json"), read_file(one / "best.json"));
  const auto winner = trials_of(one)["best"]["label"].get<std::string>();
  EXPECT_EQ(model_of(out, winner), model_of(one, winner));
}

// The winner went on from checkpoint to checkpoint; its configuration, trained in one go, gives its bits.
TEST(Tune, BestJsonTrainsToTheBitsOfTheWinner) {
  const auto& search = undisturbed();
  const TemporaryFolder folder;
  const auto run = folder / "run";
  const auto best = (search.out() / "best.json").string();
  const auto outcome = run_program({"train", best, "--out", run.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto winner = trials_of(search.out())["best"];
  EXPECT_EQ(read_file(run / "model.ebm"), model_of(search.out(), winner["label"]));
  const auto last = read_records(run / "metrics.jsonl").back();
  EXPECT_EQ(*find_metric(last.metrics, "nll_validation"), winner["value"].get<double>());
  EXPECT_EQ(*find_metric(last.metrics, "nll_test"), trials_of(search.out())["test"]["value"].get<double>());
  EXPECT_EQ(*find_metric(last.metrics, "nll_test_standard_error") > 0, true);
}

TEST(Tune, HalvingTrainsEachRungToItsLengthAndTheBestOfItOn) {
  const auto outcomes = outcomes_of(undisturbed().out());
  std::map<int, std::vector<Json>> rungs;
  for (const auto& one : outcomes) rungs[one["rung"].get<int>()].push_back(one);
  ASSERT_EQ(rungs[1].size(), 9u);
  EXPECT_EQ(rungs[2].size(), 3u);
  EXPECT_EQ(rungs[3].size(), 1u);
  std::vector<std::pair<double, int>> first;
  for (const auto& one : rungs[1]) {
    if (one["value"].is_null()) continue;
    EXPECT_EQ(one["iteration"], 30);
    first.emplace_back(one["value"].get<double>(), one["trial"].get<int>());
  }
  std::sort(first.begin(), first.end());
  std::set<int> expected, found;
  for (int i = 0; i < 3; ++i) expected.insert(first[static_cast<std::size_t>(i)].second);
  for (const auto& one : rungs[2]) {
    found.insert(one["trial"].get<int>());
    EXPECT_EQ(one["iteration"], 90);
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(rungs[3][0]["iteration"], 270);
}

// Rows that say so, with no value; the table has all nine.
TEST(Tune, TrialsThatDivergeAreRowsAndNeverWin) {
  const auto& search = undisturbed();
  int diverged = 0;
  for (const auto& one : trials_of(search.out())["outcomes"]) {
    const auto number = one["trial"].get<std::size_t>();
    const auto set = trials_of(search.out())["trials"][number - 1]["set"];
    const bool wild = set["optimizer"]["name"] == "sgd";
    EXPECT_EQ(one["end"] == "diverged", wild);
    EXPECT_EQ(one["value"].is_null(), wild);
    diverged += wild;
  }
  EXPECT_GT(diverged, 0);
  for (std::size_t trial = 1; trial <= 9; ++trial) expect_contains(search.outcome.out, "\n" + label_of(trial));
  expect_contains(search.outcome.out, "diverged: ");
  expect_contains(search.outcome.out, "left on rung 1 of 3");
  expect_contains(search.outcome.out, "on the test points ");
  EXPECT_TRUE(std::filesystem::exists(search.out() / "report.html"));
}

TEST(Tune, WorkersGiveTheSameAsOneProcess) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto outcome = run_program({"tune", halving_file(folder), "--out", out.string(), "--workers", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "9 of 9 done, 0 running, 0 left");
  expect_contains(outcome.error, "rung 3 of 3: 1 trials");
  expect_same_as_undisturbed(out);
}

// Killed over and over with its workers at moments that wander through it, it decides as one that never was.
TEST(Tune, KilledAndTakenUpItEndsInTheSameTrials) {
  const TemporaryFolder folder;
  const auto config = halving_file(folder);
  const auto out = (folder / "out").string();
  for (int kill = 0; kill < 4; ++kill) {
    const Program program(kill > 0 ? std::vector<std::string>{"tune", "--resume", out, "--workers", "2"}
                                   : std::vector<std::string>{"tune", config, "--out", out, "--workers", "2"});
    ASSERT_TRUE(wait_for_file(folder / "out" / "plan.json"));
    std::this_thread::sleep_for(400ms + kill * 230ms);
    const auto workers = children_of(program.process());
    program.send(SIGKILL);
    program.wait();
    for (const auto worker : workers) {
      for (int i = 0; i < 400 && ::kill(worker, 0) == 0; ++i) std::this_thread::sleep_for(25ms);
    }
  }
  const auto outcome = run_program({"tune", "--resume", out, "--workers", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_same_as_undisturbed(out);
  // What is over is over: nothing is trained again.
  const auto again = run_program({"tune", "--resume", out});
  ASSERT_EQ(again.code, 0) << again.error;
  expect_same_as_undisturbed(out);
}

TEST(Tune, InterruptedItShowsWhatIsKnownAndGoesOn) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const Program program({"tune", halving_file(folder), "--out", out.string(), "--workers", "1"});
  ASSERT_TRUE(wait_for_file(out / "trial003" / "seed0" / "model.ebm"));
  program.send(SIGINT);
  const auto outcome = program.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.error;
  expect_contains(outcome.error, "dualebm tune --resume");
  expect_contains(outcome.out, "trial001");
  EXPECT_FALSE(std::filesystem::exists(out / "best.json"));
  const auto report = run_program({"report", out.string()});
  EXPECT_EQ(report.code, 0) << report.error;
  expect_contains(report.out, "of 9 trials have ended so far");
  const auto rest = run_program({"tune", "--resume", out.string(), "--workers", "1"});
  ASSERT_EQ(rest.code, 0) << rest.error;
  expect_same_as_undisturbed(out);
}

/// Two candidates whose runs are over before they begin: a Gaussian about 0 and one about 3. @param parts  of the rows
/// about 0 and of those about 3
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
      {"loop", {{"iterations", 0}}},
      {"tune", {{"trials", 2}, {"ranges", {{"energy.mean", {{"values", {{0}, {3}}}}}}}}}};
  return run_program({"tune", folder.write("c.json", configuration.dump()).string(), "--out",
                      (folder / "out").string(), "--force", "--workers", "1"});
}

// Validation says 0 where the test points say 3, and the other way round: the choice follows validation.
TEST(Tune, TheWinnerIsNeverChosenOnTest) {
  const TemporaryFolder folder;
  for (const auto& [parts, mean] : {std::pair{std::pair{"val", "test"}, 0.0}, {{"test", "val"}, 3.0}}) {
    const auto outcome = choose(folder, parts);
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    const auto best = read_json_file((folder / "out" / "best.json").string());
    EXPECT_EQ(best["energy"]["mean"], Json({mean}));
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
TEST(Tune, DataWithoutValidationPointsAreRefused) {
  const TemporaryFolder folder;
  auto configuration = halving_configuration();
  configuration["dataset"].erase("validation");
  configuration["loop"]["iterations"] = 9;
  const auto config = folder.write("c.json", configuration.dump()).string();
  const auto out = folder / "out";
  const auto refused = run_program({"tune", config, "--out", out.string()});
  expect_user_error(refused, "tune: the data have no validation points to choose by; set dataset.validation=1000");
  EXPECT_FALSE(std::filesystem::exists(out));
  const auto advised = run_program({"tune", config, "--out", out.string(), "--set", "dataset.validation=1000"});
  EXPECT_EQ(advised.code, 0) << advised.error;
}

// On S¹⁴ there is no quadrature; the metric that the message names is one that can be had.
TEST(Tune, AMetricThatCannotBeKnownIsRefusedBeforeAnyTraining) {
  const TemporaryFolder folder;
  auto configuration = halving_configuration();
  configuration["domain"] = {{"name", "sphere"}, {"dimension", 15}};
  configuration["dataset"]["teacher"] = {{"name", "teacher"}, {"neurons", {{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}};
  configuration["loop"]["iterations"] = 9;
  configuration["tune"]["ranges"]["optimizer"] = {{"values", {{{"name", "adam"}}}}};
  const auto config = folder.write("c.json", configuration.dump()).string();
  const auto out = folder / "out";
  expect_user_error(run_program({"tune", config, "--out", out.string()}), "take nll_validation_annealed");
  EXPECT_FALSE(std::filesystem::exists(out));
  const auto advised =
      run_program({"tune", config, "--out", out.string(), "--set", "tune.metric=nll_validation_annealed", "--set",
                   R"(metrics.options={"nll_validation_annealed": {"walkers": 100}})"});
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
TEST(Tune, ARandomSearchMayHaveMoreTrials) {
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
  expect_user_error(run_program({"tune", "--resume", (folder / "none").string()}), "not a comparison or a search");
}

// A cosine that ends with the run: a rung is a run of its own, which is said, and best.json is that of the last.
TEST(Tune, WhereAScheduleFollowsTheLengthTrialsBeginAnew) {
  const TemporaryFolder folder;
  auto configuration = random_configuration();
  configuration["optimizer_schedule"] = {{"name", "cosine"}};
  configuration["loop"]["iterations"] = 40;
  configuration["tune"].update({{"search", "halving"}, {"trials", 2}, {"reduction", 2}});
  const auto out = folder / "out", run = folder / "run";
  const auto config = folder.write("c.json", configuration.dump()).string();
  const auto outcome = run_program({"tune", config, "--out", out.string(), "--workers", "1"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "2 of 2 trials have a schedule that follows the share of the run that is done");
  const auto winner = trials_of(out)["best"]["label"].get<std::string>();
  EXPECT_EQ(read_records(out / (winner + "-rung1") / "seed0" / "metrics.jsonl").back().progress.iteration, 20);
  ASSERT_EQ(run_program({"train", (out / "best.json").string(), "--out", run.string()}).code, 0);
  EXPECT_EQ(read_file(run / "model.ebm"), model_of(out, winner + "-rung2"));
}

}  // namespace
}  // namespace ebm::testing
