#include "dualebm/apps/new_rows.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "tests/apps/program.hpp"
#include "tests/support/npy.hpp"

namespace ebm::testing {
namespace {

/// A run on a table with a decimal comma, semicolons, a column of text and the coordinates in another order
/// than the configuration asks for: b around 5, a around 1000.
class NewRowsOfARun : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string text = "id;a;b;c\n";
    Random random(3, "table");
    const auto z = random.normal({120, 2}, torch::kDouble);
    for (std::int64_t i = 0; i < 120; ++i)
      text += row(1000 + z[i][0].item<double>(), 5 + z[i][1].item<double>() / 4);
    const Json configuration = {
        {"domain", {{"name", "euclidean"}, {"dimension", 2}}},
        {"dataset",
         {{"name", "table_csv"}, {"path", folder_.write("own.csv", text).string()}, {"columns", {"b", "a"}}}},
        {"transforms", {{{"name", "standardise"}}}},
        {"energy", {{"name", "gaussian"}}},
        {"trainer", {{"name", "exact_score_matching"}}},
        {"optimizer", {{"name", "sgd"}, {"learning_rate", 0.01}}},
        {"loop", {{"iterations", 1}}},
        {"metrics", {{"every", 0}, {"resolution", 20}}}};
    const auto trained =
        run_program({"train", folder_.write("c.json", configuration.dump()).string(), "--out", run()});
    ASSERT_EQ(trained.code, 0) << trained.error;
  }

  static std::string row(double a, double b) {
    auto text = fmt::format("x;{:.6f};{:.6f};word\n", a, b);
    std::replace(text.begin(), text.end(), '.', ',');
    return text;
  }
  std::string run() const { return (folder_ / "run").string(); }
  NewRows read(const std::string& path) const {
    const auto catalogue = standard_catalogue();
    return read_new_rows(path, load_energy_of(run(), torch::kCPU, catalogue), torch::kCPU, catalogue);
  }

  TemporaryFolder folder_;
};

// By name, not by place; in the order of the file; by the transform of the run and not
// one fitted on the new rows.
TEST_F(NewRowsOfARun, AreReadAsItsOwnAndTransformedAsThey) {
  const auto path = folder_.write("new.csv",
                                  "c;b;id;a\n"
                                  "w;5,5;1;1001\n"
                                  "w;4,5;2;999\n"
                                  "w;6;3;1003\n");
  const auto rows = read(path.string());
  const auto values = torch::tensor({{5.5, 1001.}, {4.5, 999.}, {6., 1003.}}, torch::kDouble);
  EXPECT_TRUE(rows.raw.equal(values));
  EXPECT_EQ(rows.columns, (std::vector<std::string>{"b", "a"}));
  expect_contains(rows.origin, "decimal comma");
  const auto loaded = load_energy_of(run(), torch::kCPU, standard_catalogue());
  EXPECT_EQ(distance(rows.points, loaded.transform->forward(values).to(torch::kFloat)), 0);
  EXPECT_NEAR(rows.points[0][1].item<double>(), 1, 0.4) << "1001 is one deviation above the mean of the run";
}

TEST_F(NewRowsOfARun, AMissingColumnIsNamed) {
  const auto path = folder_.write("new.csv", "b;x\n5,5;1001\n");
  expect_contains(user_error([&] { read(path.string()); }), "no column a");
}

TEST_F(NewRowsOfARun, ANumPyFileStandsForTheTable) {
  const auto path =
      folder_.write("new.npy", npy(dictionary("<f8", "(2, 2)"), raw<double>({5.5, 1001, 4.5, 999})));
  EXPECT_EQ(read(path.string()).raw[1][1].item<double>(), 999);
}

// Mean and standard error of 3 points whose standardised values are known.
TEST_F(NewRowsOfARun, EvaluateGivesTheMeanWithItsStandardError) {
  const auto path = folder_.write("new.csv", "b;a\n5,5;1001\n4,5;999\n6;1003\n").string();
  const auto outcome = run_program({"evaluate", run(), "--data", path, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto values = Json::parse(outcome.out);
  const auto loaded = load_energy_of(run(), torch::kCPU, standard_catalogue());
  const auto energy = loaded.energy->forward(read(path).points).to(torch::kDouble).detach();
  EXPECT_NEAR(values["energy_data"].get<double>(), energy.mean().item<double>(), 1e-6);
  EXPECT_NEAR(values["nll_data_standard_error"].get<double>(), energy.std().item<double>() / std::sqrt(3),
              1e-6);
  EXPECT_NEAR(
      values["nll_data"].get<double>(),
      energy.mean().item<double>() + values["log_z"].get<double>() - loaded.transform->log_determinant(),
      1e-6);
}

}  // namespace
}  // namespace ebm::testing
