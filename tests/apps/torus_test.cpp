#include <ATen/ATen.h>
#include <torch/script.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

Json configuration() {
  return {{"domain", {{"name", "torus"}}},
          {"dataset", {{"name", "toy_torus"}, {"train", 1000}, {"test", 1000}}},
          {"energy", {{"name", "mlp"}, {"hidden", {16}}, {"confinement", nullptr}}},
          {"trainer", {{"name", "exact_likelihood"}, {"resolution", 16}}},
          {"optimizer", {{"name", "adam"}, {"learning_rate", 0.02}}},
          {"loop", {{"iterations", 200}}},
          {"metrics", {{"every", 0}, {"resolution", 60}}}};
}

/// A run in the folder, trained by the program.
std::string trained(const TemporaryFolder& folder, const Json& configuration) {
  const auto config = folder.write("c.json", configuration.dump()).string(), run = (folder / "run").string();
  const auto outcome = run_program({"train", config, "--out", run});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  return run;
}

Json evaluated(const std::string& run, const std::string& data) {
  const auto outcome = run_program({"evaluate", run, "--data", data, "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  return Json::parse(outcome.out);
}

// Angles in degrees go in, come out of `sample`, and are what an exported energy takes; it has their period.
TEST(Torus, FromAnglesToAngles) {
  const TemporaryFolder folder;
  const auto run = trained(folder, configuration());
  const auto sampled = run_program({"sample", run, "-n", "50", "-o", (folder / "s.csv").string()});
  ASSERT_EQ(sampled.code, 0) << sampled.error;
  const auto text = read_file(folder / "s.csv");
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "x0,x1");
  double largest = 0;
  while (std::getline(lines, line)) {
    const double phi = std::stod(line), psi = std::stod(line.substr(line.find(',') + 1));
    largest = std::max({largest, std::abs(phi), std::abs(psi)});
  }
  EXPECT_GT(largest, 3.2) << "these are radians";
  EXPECT_LE(largest, 180);
  const auto values = evaluated(run, (folder / "s.csv").string());
  EXPECT_GT(values["nll_data"].get<double>(), 0);
  EXPECT_LT(values["kl"].get<double>(), 0.5);
  const auto exported = run_program({"export", run, "-o", (folder / "e.pt").string()});
  ASSERT_EQ(exported.code, 0) << exported.error;
  auto energy = torch::jit::load((folder / "e.pt").string());
  const auto angles = torch::tensor({{-60.0, -45.0}, {170.0, 100.0}});
  const auto once = energy.forward({angles}).toTensor(), again = energy.forward({angles + 360}).toTensor();
  EXPECT_LT((once - again).abs().max().item<double>(), 1e-3);
  const auto live = load_energy_of(run, torch::kCPU, standard_catalogue());
  EXPECT_LT((once - live.energy->forward(live.transform->forward(angles))).abs().max().item<double>(), 1e-5);
}

// A uniform density has log 360² nats per square degree: the trainer starts there, to
// what a small network is.
TEST(Torus, LikelihoodsArePerUnitOfTheAngles) {
  auto section = configuration();
  section["energy"] = {{"name", "shallow"}, {"neurons", 4}, {"initial_weight", 1e-6}};
  section["trainer"] = {{"name", "dual_gda"}};
  section["optimizer"] = {{"name", "sgd"}, {"learning_rate", 1e-9}};
  const auto experiment = read_experiment(section, standard_catalogue());
  const auto problem = make_problem(experiment, torch::kCPU);
  const auto training = make_training(experiment, problem, torch::kCPU);
  const auto values = training->evaluate(*problem.evaluator);
  EXPECT_NEAR(*find_metric(values, "nll_test"), 2 * std::log(360), 1e-3);
}

TEST(Torus, PicturesHaveTheWholeRangeInItsUnit) {
  const TemporaryFolder folder;
  const auto run = trained(folder, configuration());
  const auto page = read_file(std::filesystem::path(run) / "report.html");
  expect_contains(page,
                  R"json("axes":[{"label":"x₀ (°)","wraps":true},{"label":"x₁ (°)","wraps":true}])json");
  expect_contains(page, R"("half":[180.0,180.0])");
}

// To the walls and back: the likelihood is per unit of the raw numbers. A uniform density on [10, 30] x [0,
// 5] has log 100 nats, whatever box the energy sees.
TEST(Box, LikelihoodsAreInUnitsOfTheData) {
  const TemporaryFolder folder;
  Random random(1, "box");
  const auto raw = torch::tensor({10.0, 0.0}, torch::kDouble) +
                   torch::tensor({20.0, 5.0}, torch::kDouble) * random.uniform({400, 2}, torch::kDouble);
  std::string text = "length,width\n";
  for (std::int64_t i = 0; i < 400; ++i)
    text += fmt::format("{:.17g},{:.17g}\n", raw[i][0].item<double>(), raw[i][1].item<double>());
  Json section = {{"domain", {{"name", "box"}, {"low", {-1}}, {"high", {1}}}},
                  {"dataset", {{"name", "table_csv"}, {"path", folder.write("t.csv", text).string()}}},
                  {"transforms", {{{"name", "to_box"}, {"low", {10, 0}}, {"high", {30, 5}}}}},
                  {"energy", {{"name", "shallow"}, {"neurons", 4}, {"initial_weight", 1e-6}}},
                  {"loop", {{"iterations", 1}}},
                  {"metrics", {{"every", 0}, {"resolution", 20}}}};
  const auto experiment = read_experiment(section, standard_catalogue());
  const auto problem = make_problem(experiment, torch::kCPU);
  EXPECT_LE(problem.problem->data().train.abs().max().item<double>(), 1);
  EXPECT_GT(problem.problem->data().train.abs().max().item<double>(), 0.9);
  const auto values = make_training(experiment, problem, torch::kCPU)->evaluate(*problem.evaluator);
  EXPECT_NEAR(*find_metric(values, "nll_test"), std::log(100), 1e-3);
  section["transforms"][0]["high"] = {20, 5};
  expect_contains(
      user_error([&] { make_problem(read_experiment(section, standard_catalogue()), torch::kCPU); }),
      "dataset: coordinate 0 of row");
  section["transforms"] = {{{"name", "standardise"}}};
  expect_contains(
      user_error([&] { make_problem(read_experiment(section, standard_catalogue()), torch::kCPU); }),
      "transform standardise: every coordinate of the domain box has a range of its own");
}

// On a product only what has no range of its own is standardised.
TEST(Box, StandardiseLeavesRangesAlone) {
  const Json product_of_both = {
      {"name", "product"},
      {"factors", {{{"name", "torus"}, {"dimension", 1}}, {{"name", "euclidean"}, {"dimension", 1}}}}};
  const auto catalogue = standard_catalogue();
  const auto map = catalogue.transforms.read({{"name", "standardise"}}, "transforms[0]")
                       .make({catalogue.domains.read(product_of_both, "domain").make({}), torch::kDouble});
  const auto raw = torch::tensor({{10.0, 5.0}, {350.0, 9.0}}, torch::kDouble);
  map->fit(raw);
  EXPECT_TRUE(torch::equal(map->forward(raw), torch::tensor({{10.0, -1.0}, {350.0, 1.0}}, torch::kDouble)));
  EXPECT_NEAR(map->log_determinant(), -std::log(2), 1e-12);
}

}  // namespace
}  // namespace ebm::testing
