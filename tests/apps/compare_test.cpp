#include <nlohmann/json.hpp>

#include "dualebm/apps/table_text.hpp"
#include "dualebm/framework/evaluation/standard_metrics.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

TEST(Compare, FourTrainersOverTwoSeedsOnTheSameData) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto out = folder / "out";
  const auto outcome =
      run_program({"compare", config, "--set", "compare.seeds=[0,1]", "--out", out.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.out, "at equal gradient evaluations");

  const auto result = read_json_file((out / "comparison.json").string());
  const auto& rows = result["final"]["rows"];
  ASSERT_EQ(rows.size(), 4u);
  for (const auto& row : rows) {
    EXPECT_EQ(row["seeds"], 2);
    EXPECT_EQ(row["kl"]["values"].size(), 2u);
  }
  // Before the first step every trainer stands at the same energy and looks at the same data.
  const auto start = [&](const std::string& trainer, const std::string& seed) {
    const auto lines = read_file(out / trainer / ("seed" + seed) / "metrics.jsonl");
    return Json::parse(lines.substr(0, lines.find('\n')))["kl"];
  };
  EXPECT_EQ(start("dual_gda", "0"), start("score_matching", "0"));
  EXPECT_NE(start("dual_gda", "0"), start("dual_gda", "1"));
  EXPECT_TRUE(std::filesystem::exists(out / "report.html"));
  const auto refused = run_program({"compare", config, "--out", out.string()});
  EXPECT_EQ(refused.code, 2);
  expect_contains(refused.error, "--force");
}

TEST(Compare, ADivergingEntryIsNotedAndTheOthersGoOn) {
  const TemporaryFolder folder;
  const auto points = folder.write("points.csv", "x0\n0\n1\n-1\n0.5\n-0.2\n");
  const auto config =
      folder.write("c.json", R"({"domain": {"name": "euclidean", "dimension": 1},
    "dataset": {"name": "points_csv", "path": ")" +
                                 points.string() + R"(", "validation_share": 0, "test_share": 0.2},
    "energy": {"name": "gaussian"}, "trainer": {"name": "dual_gda"}, "optimizer": {"name": "sgd"},
    "loop": {"iterations": 3000, "recoveries": 0}, "compare": {"seeds": [0], "entries": [
      {"label": "wild", "set": {"trainer.particle_step": 9}}, {"label": "calm", "set": {}}]}})");
  const auto outcome = run_program({"compare", config.string(), "--out", (folder / "out").string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto rows = read_json_file((folder / "out" / "comparison.json").string())["final"]["rows"];
  EXPECT_EQ(rows[0]["seeds"], 0);
  EXPECT_EQ(rows[1]["seeds"], 1);
  expect_contains(outcome.error, "is not finite; likely cause");
}

// Whatever is wrong with one entry - its data cannot be had, its energy cannot be made - the
// others have their tables.
TEST(Compare, AnEntryThatFailsCostsNoOther) {
  const TemporaryFolder folder;
  auto text = small_configuration;
  text.insert(text.rfind('}'), R"(, "compare": {"seeds": [0, 1], "entries": [
    {"label": "good", "set": {}}, {"label": "data", "set": {"dataset.teacher.neurons": [[1, 0]]}},
    {"label": "energy", "set": {"energy": {"name": "gaussian"}}}, {"label": "report.html", "set": {}},
    {"label": "höhe", "set": {}}, {"label": "hühe", "set": {}}, {"label": "run.lock", "set": {}}]})");
  const auto config = folder.write("c.json", text).string();
  const auto outcome = run_program({"compare", config, "--out", (folder / "out").string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto rows = read_json_file((folder / "out" / "comparison.json").string())["final"]["rows"];
  std::map<std::string, int> seeds;
  for (const auto& row : rows) seeds[row["label"]] = row["seeds"];
  EXPECT_EQ(seeds, (std::map<std::string, int>{{"good", 2},
                                               {"data", 0},
                                               {"energy", 0},
                                               {"report.html", 2},
                                               {"höhe", 2},
                                               {"hühe", 2},
                                               {"run.lock", 2}}));
  expect_contains(outcome.error, "data seed 0: ");
  expect_contains(outcome.error, "energy seed 1: ");
}

TEST(Compare, WhatCannotRunIsFoundBeforeTheFirstRun) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& entries, const std::string& part) {
    auto text = small_configuration;
    text.insert(text.rfind('}'), R"(, "compare": {"seeds": [0], "entries": )" + entries + "}");
    const auto outcome =
        run_program({"compare", folder.write("c.json", text).string(), "--out", (folder / "out").string()});
    EXPECT_EQ(outcome.code, 2);
    expect_contains(outcome.error, part);
    EXPECT_FALSE(std::filesystem::exists(folder / "out" / "good" / "seed0" / "metrics.jsonl"));
  };
  refused(R"([{"label": "good", "set": {}}, {"label": "bad", "set": {"trainer.particle_step": -1}}])",
          "compare entry \"bad\": trainer.particle_step");
  refused(R"([{"label": "a b", "set": {}}, {"label": "a_b", "set": {}}])",
          "would share the folder a_b/seed0");
}

// What is left of a killed comparison, its finished runs, is not thrown away unasked.
TEST(Compare, FinishedRunsOfAnUnfinishedComparisonAreKeptWithoutForce) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto out = folder / "out";
  ASSERT_EQ(run_program({"compare", config, "--seed", "0", "--out", out.string()}).code, 0);
  std::filesystem::remove(out / "comparison.json");
  const auto refused = run_program({"compare", config, "--seed", "0", "--out", out.string()});
  EXPECT_EQ(refused.code, 2);
  expect_contains(refused.error, "--force");
  EXPECT_TRUE(std::filesystem::exists(out / "dual_gda" / "seed0" / "model.ebm"));
  EXPECT_EQ(run_program({"compare", config, "--seed", "0", "--out", out.string(), "--force"}).code, 0);
}

TEST(Compare, SeedMakesItOneSeed) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  ASSERT_EQ(run_program({"compare", config, "--seed", "7", "--out", (folder / "out").string()}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "out" / "dual_gda" / "seed7"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out" / "dual_gda" / "seed0"));
}

TrainingRun run_with(const std::string& label, std::vector<std::pair<double, double>> kl_over_seconds) {
  TrainingRun run{.label = label, .seed = 0, .records = {}, .energy = nullptr};
  for (const auto& [seconds, kl] : kl_over_seconds) {
    // Iterations that take no time, beside which the nearest one is no excuse.
    run.records.push_back({.progress = {.iteration = 1 << 20, .gradient_evaluations = 1, .seconds = seconds},
                           .metrics = {{"kl", kl}}});
  }
  for (const auto& metric : standard_metrics()) run.metrics.push_back(metric->description());
  class Empty final : public Energy {
    torch::Tensor forward(const torch::Tensor& x) override { return x; }
  };
  run.energy = std::make_shared<Empty>();
  return run;
}

// At a common place each run shows what it had there: an evaluation, or what lies between two, of KL the
// geometric mean. The nearest earlier one is that of another budget.
TEST(Compare, TablesAtABudgetInterpolate) {
  const std::vector<TrainingRun> runs = {run_with("a", {{0, 9}, {1, 5}, {2, 8}, {3, 2}}),
                                         run_with("b", {{0, 9}, {2.5, 4}})};
  EXPECT_EQ(common_reach(runs, Axis::seconds), 2.5);
  const auto table = table_at("t", runs, Axis::seconds, 2.5);
  EXPECT_NEAR(table.rows[0].columns[0].second.values.at(0), 4, 1e-12) << "sqrt(8 · 2)";
  EXPECT_EQ(table.rows[1].columns[0].second.values, std::vector<double>{4});
  EXPECT_FALSE(is_evaluated_at(runs, Axis::seconds, 2.5));
  EXPECT_TRUE(is_evaluated_at({runs[0]}, Axis::seconds, 2.01));
}

// The final table is of the energy that a run ended with: the best one, where that is kept.
TEST(Compare, TheFinalTableIsOfWhatTheRunEndedWith) {
  auto run = run_with("a", {{0, 9}, {1, 5}, {2, 7}});
  run.last = {.progress = run.records.back().progress, .metrics = {{"kl", 5}}};
  EXPECT_EQ(table_at("t", {run}, Axis::iteration, std::nullopt).rows[0].columns[0].second.values,
            std::vector<double>{5});
}

// A median over the seeds whose quadrature was good would favour those who have few.
TEST(Compare, WhatASeedLacksIsLeftOutForItsLabel) {
  auto whole = run_with("a", {{0, 9}}), lacking = run_with("a", {{0, 9}}), other = run_with("b", {{0, 8}});
  lacking.records[0].metrics = {{"quadrature_error", 1509}, {"quadrature_valid", 0}};
  const auto table = table_at("t", {whole, lacking, other}, Axis::seconds, 0);
  for (const auto& [name, statistic] : table.rows[0].columns) EXPECT_NE(name, "kl");
  EXPECT_EQ(table.rows[1].columns[0].first, "kl");
}

TEST(Compare, ErrorsGoAlong) {
  auto run = run_with("a", {{0, 9}});
  run.records[0].metrics = {
      {"nll_test", 0.619}, {"nll_test_standard_error", 0.03}, {"quadrature_error", 0.04}};
  EXPECT_DOUBLE_EQ(*error_of(run.records[0].metrics, "nll_test"), 0.05);
  EXPECT_FALSE(error_of(run.records[0].metrics, "tv").has_value());
  const auto table = table_at("t", {run}, Axis::seconds, 0);
  expect_contains(to_text(table), "0.619 ± 0.05");
  EXPECT_DOUBLE_EQ(to_json(table)["rows"][0]["nll_test"]["error"].get<double>(), 0.05);
}

// A table as wide as a terminal goes on below, under the labels once more, and loses no cell.
TEST(Compare, TablesFitTheTerminal) {
  const std::vector<std::vector<std::string>> lines = {{"", "seeds", "kl", "nll"},
                                                       {"ähnlich", "3", "0.5", "2.4"}};
  EXPECT_EQ(aligned(lines), "         seeds   kl  nll\nähnlich      3  0.5  2.4\n");
  EXPECT_EQ(aligned(lines, 24), aligned(lines));
  EXPECT_EQ(aligned(lines, 20), "         seeds   kl\nähnlich      3  0.5\n\n         nll\nähnlich  2.4\n");
  EXPECT_EQ(aligned(lines, 3),
            "         seeds\nähnlich      3\n\n          kl\nähnlich  0.5\n\n         nll\nähnlich  2.4\n");
  EXPECT_EQ(aligned({{"only"}, {"a"}}), "only\na   \n");
}

TEST(Compare, AnErrorThatNoDigitShowsIsLeftOut) {
  auto run = run_with("a", {{0, 9}});
  run.records[0].metrics = {{"nll_test", 0.619}, {"quadrature_error", 6e-6}};
  EXPECT_EQ(to_text(table_at("t", {run}, Axis::seconds, 0)).find("±"), std::string::npos);
}

TEST(Compare, KindsOfGradientsAreColumnsOfTheirOwn) {
  auto run = run_with("a", {{0, 9}});
  run.records[0].progress.cost = {.energies = 3, .point_gradients = 20, .double_gradients = 7};
  const auto row = to_json(table_at("t", {run}, Axis::seconds, 0))["rows"][0];
  EXPECT_EQ(row["energies"]["values"][0], 3);
  EXPECT_EQ(row["point_gradients"]["values"][0], 20);
  EXPECT_EQ(row["double_gradients"]["values"][0], 7);
  EXPECT_FALSE(row.contains("parameter_gradients")) << "there are none";
}

// Trainings whose iterations cost unlike numbers of gradients are evaluated where all of them come to,
// whatever the rhythm of the metrics; a run that stops early ends with its best model.
TEST(Compare, AllAreEvaluatedAtTheCommonBudget) {
  const TemporaryFolder folder;
  auto configuration = Json::parse(small_configuration);
  configuration["trainer"]["particle_step"] = 0.02;
  configuration["metrics"]["every"] = 0;
  configuration["compare"] = {{"seeds", {0}},
                              {"entries",
                               {{{"label", "cheap"}, {"set", {{"trainer.particles", 100}}}},
                                {{"label", "dear"}, {"set", {{"trainer.particles", 1000}}}}}}};
  const auto out = folder / "out";
  const auto outcome =
      run_program({"compare", folder.write("c.json", configuration.dump()).string(), "--out", out.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  // An iteration costs N + 200 + N: 400 and 2200, and the cheap one comes to 40 · 400 = 16000.
  expect_contains(outcome.out, "at equal gradient evaluations (1.6e+04), evaluated at the nearest iteration");
  const auto rows =
      read_json_file((out / "comparison.json").string())["at_equal_gradient_evaluations"]["rows"];
  EXPECT_EQ(rows[0]["gradient_evaluations"]["values"][0], 16000);
  EXPECT_EQ(rows[1]["iteration"]["values"][0], 7) << "16000 / 2200 = 7.3";
}

// The first record at or below the target counts, and a run that never gets there is said to be missing.
TEST(Compare, TablesToATargetReadTheFirstRecordWithinIt) {
  const std::vector<TrainingRun> runs = {run_with("a", {{0, 9}, {1, 5}, {2, 7}, {3, 4}}),
                                         run_with("a", {{0, 9}, {2, 8}})};
  const auto table = table_to_target(runs, "kl", 5);
  EXPECT_EQ(table.rows[0].columns.back().second.values, std::vector<double>{1});
  EXPECT_EQ(table.rows[0].seeds, 1u);
  EXPECT_EQ(table.rows[0].planned, 2u);
}

TEST(Compare, StatisticsOverSeeds) {
  const Statistic statistic{{1, 2, 6, 3}};
  EXPECT_DOUBLE_EQ(statistic.mean(), 3);
  EXPECT_DOUBLE_EQ(*statistic.deviation(), std::sqrt(14.0 / 3));
  EXPECT_DOUBLE_EQ(statistic.median(), 2.5);
  EXPECT_FALSE(Statistic{{4}}.deviation().has_value());
}

}  // namespace
}  // namespace ebm::testing
