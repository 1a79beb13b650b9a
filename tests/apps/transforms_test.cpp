#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

/// Points of N((10, -3), diag(2², 5²)), 1600 of them to train on.
std::string gaussian_table(const TemporaryFolder& folder) {
  Random random(6, "table");
  const auto points = torch::tensor({10., -3.}, torch::kDouble) +
                      torch::tensor({2., 5.}, torch::kDouble) * random.normal({2000, 2}, torch::kDouble);
  std::string text = "x0,x1\n";
  for (std::int64_t i = 0; i < points.size(0); ++i)
    text += fmt::format("{:.17g},{:.17g}\n", points[i][0].item<double>(), points[i][1].item<double>());
  return folder.write("table.csv", text).string();
}

Json configuration(const std::string& path) {
  return {{"domain", {{"name", "euclidean"}, {"dimension", 2}}},
          {"dataset", {{"name", "table_csv"}, {"path", path}}},
          {"transforms", {{{"name", "standardise"}}}},
          {"energy", {{"name", "gaussian"}}},
          {"trainer", {{"name", "dual_gda"}, {"particle_step", 0.05}}},
          {"optimizer", {{"name", "sgd"}, {"learning_rate", 0.05}}},
          {"loop", {{"iterations", 20}}},
          {"metrics", {{"every", 0}}}};
}

// A standard normal energy of standardised points has, per unit of the raw points, the NLL of the Gaussian
// they come from: log(2π · 2 · 5) + 1 = 5.14, within 4 standard errors of a mean over 200 points, 4 /
// sqrt(200) = 0.28, and the same of the fit. Without the log-determinant it is log 10 = 2.3 less.
TEST(Transforms, LikelihoodsAreInUnitsOfTheData) {
  const TemporaryFolder folder;
  const auto problem =
      make_problem(read_experiment(configuration(gaussian_table(folder)), standard_catalogue()), torch::kCPU);
  const auto training =
      make_training(read_experiment(configuration((folder / "table.csv").string()), standard_catalogue()),
                    problem, torch::kCPU);
  const auto values = training->evaluate(*problem.evaluator);
  EXPECT_NEAR(*find_metric(values, "nll_test"), std::log(2 * M_PI * 10) + 1, 0.35);
  EXPECT_NEAR(*find_metric(values, "nll_train"), std::log(2 * M_PI * 10) + 1, 0.1);
}

// Fitted on the training part alone: that has mean zero and deviation one to rounding, the test part has not.
TEST(Transforms, AreFittedOnTheTrainingPart) {
  const TemporaryFolder folder;
  const auto problem =
      make_problem(read_experiment(configuration(gaussian_table(folder)), standard_catalogue()), torch::kCPU);
  EXPECT_LT(problem.problem->data().train.mean(0).abs().max().item<double>(), 1e-5);
  EXPECT_GT(problem.problem->data().test.mean(0).abs().max().item<double>(), 1e-4);
}

/// y = 3 x, whose determinant its author forgot.
struct Tripled final : Transform {
  struct Options {
    double claimed = 0;
    void describe(Fields& fields) { fields.number("claimed", claimed, Range::any(), "log |det|"); }
  };
  explicit Tripled(const Options& options) : claimed(options.claimed) {}
  torch::Tensor forward(const torch::Tensor& x) override { return 3 * x; }
  torch::Tensor inverse(const torch::Tensor& y) override { return y / 3; }
  double log_determinant() const override { return claimed; }
  double claimed;
};

// A user's own is looked into once it is fitted, on what the transforms before it make of the data: a wrong
// determinant would put every likelihood off by 2 log 3.
TEST(Transforms, OnesOwnAreCheckedWhereTheyAreFitted) {
  auto catalogue = standard_catalogue();
  catalogue.transforms.add<Tripled>("tripled", "three times as far");
  const TemporaryFolder folder;
  auto with = configuration(gaussian_table(folder));
  const auto make = [&](double claimed) {
    with["transforms"] = {{{"name", "standardise"}}, {{"name", "tripled"}, {"claimed", claimed}}};
    make_problem(read_experiment(with, catalogue), torch::kCPU);
  };
  expect_contains(user_error([&] { make(0); }), "Tripled: log_determinant() is 0");
  make(2 * std::log(3.0));
}

// The run keeps what was learnt: samples and the likelihood of the user's own points come without the data.
TEST(Transforms, TheRunGivesBackRawPoints) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", configuration(gaussian_table(folder)).dump()).string();
  const auto run = (folder / "run").string();
  const auto trained = run_program({"train", config, "--out", run});
  ASSERT_EQ(trained.code, 0) << trained.error;
  const auto data = run_program({"evaluate", run, "--data", (folder / "table.csv").string(), "--json"});
  ASSERT_EQ(data.code, 0) << data.error;
  EXPECT_NEAR(Json::parse(data.out)["nll_data"].get<double>(), std::log(2 * M_PI * 10) + 1, 0.15);
  std::filesystem::remove(folder / "table.csv");
  const auto sampled = run_program({"sample", run, "-n", "400"});
  ASSERT_EQ(sampled.code, 0) << sampled.error;
  double sum = 0;
  std::istringstream lines(sampled.out);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) sum += std::stod(line.substr(line.find(',') + 1));
  EXPECT_NEAR(sum / 400, -3, 4 * 5 / std::sqrt(400.)) << "four standard errors";
}

TEST(Transforms, DoNotGoWithAKnownDensity) {
  auto configuration = Json::parse(small_configuration);
  configuration["transforms"] = {{{"name", "standardise"}}};
  expect_contains(
      user_error([&] { make_problem(read_experiment(configuration, standard_catalogue()), torch::kCPU); }),
      "transforms: the density that these data come from is known");
  configuration["transforms"] = {{{"name", "standardize"}}};
  expect_contains(user_error([&] { read_experiment(configuration, standard_catalogue()); }),
                  "transforms[0].name: unknown transform \"standardize\" (did you mean \"standardise\"?)");
}

}  // namespace
}  // namespace ebm::testing
