#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "dualebm/framework/settings/config_file.hpp"
#include "tests/apps/people.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

/// A run on the first table, short and good: what the tests below read.
struct TableRun {
  TableRun() {
    folder.write("people.csv", table_of_people(400, false));
    const auto config = folder.write("c.json", R"({
      "domain": {"name": "euclidean", "dimension": 2},
      "dataset": {"name": "table_csv", "path": ")" +
                                                   (folder / "people.csv").string() + R"(", "label": "class"},
      "transforms": [{"name": "whiten"}],
      "energy": {"name": "mlp", "hidden": [16, 16], "confinement": 1},
      "trainer": {"name": "dual_gda", "particles": 400, "held_out": 0},
      "optimizer": {"name": "adam", "learning_rate": 0.002},
      "loop": {"iterations": 60, "batch_size": 200}, "metrics": {"every": 0, "resolution": 50}})");
    trained = run_program({"train", config.string(), "--out", run(), "--threads", "1"});
  }
  std::string run() const { return (folder / "run").string(); }
  TemporaryFolder folder;
  Outcome trained;
};

const TableRun& table_run() {
  static const TableRun run;
  return run;
}

TEST(Sample, HasTheColumnsUnitsAndDigitsOfTheData) {
  ASSERT_EQ(table_run().trained.code, 0) << table_run().trained.error;
  const auto sampled = run_program({"sample", table_run().run(), "-n", "600", "--threads", "1"});
  ASSERT_EQ(sampled.code, 0) << sampled.error;
  expect_contains(sampled.error, "trusted: the sample");
  expect_contains(sampled.error, "R-hat");
  const auto lines = lines_of(sampled.out);
  ASSERT_EQ(lines.size(), 601u);
  EXPECT_EQ(lines[0], "height,weight");
  double sum = 0, squares = 0;
  std::set<std::string> distinct;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto fields = fields_of(lines[i]);
    ASSERT_EQ(fields.size(), 2u);
    const float height = std::stof(fields[0]);
    EXPECT_EQ(fmt::format("{}", height), fields[0]) << "the fewest digits that give back the float";
    distinct.insert(lines[i]);
    sum += height / 600;
    squares += height * height / 600;
  }
  EXPECT_GT(distinct.size(), 550u);
  EXPECT_NEAR(sum, 170, 2.5);
  EXPECT_NEAR(std::sqrt(squares - sum * sum), 10, 1.5);
}

TEST(Sample, NumpyHasTheSameNumbers) {
  const auto& folder = table_run().folder;
  const auto csv = run_program({"sample", table_run().run(), "-n", "40", "--threads", "1"});
  const auto npy = run_program(
      {"sample", table_run().run(), "-n", "40", "--threads", "1", "-o", (folder / "points.npy").string()});
  ASSERT_EQ(npy.code, 0) << npy.error;
  const auto bytes = read_file(folder / "points.npy");
  ASSERT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  expect_contains(bytes, "'<f4'");
  expect_contains(bytes, "(40, 2)");
  ASSERT_EQ((bytes.size() - 40 * 2 * 4) % 64, 0u);
  std::vector<float> numbers(80);
  std::memcpy(numbers.data(), bytes.data() + bytes.size() - 320, 320);
  const auto lines = lines_of(csv.out);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(fmt::format("{},{}", numbers[2 * i], numbers[2 * i + 1]), lines[i + 1]);
  }
}

// Sixteen steps without a warm-up from starts that are apart: written, and said not to be trusted.
TEST(Sample, ASampleThatIsNotToBeTrustedIsWrittenWithCode3) {
  const auto sampled = run_program({"sample", table_run().run(), "-n", "20", "--steps", "16", "--warm-up",
                                    "0", "--kernel", "mala", "--set", "step_size=1e-6"});
  EXPECT_EQ(sampled.code, 3);
  EXPECT_EQ(lines_of(sampled.out).size(), 21u);
  expect_contains(sampled.error, "not trusted: the sample");
  expect_contains(sampled.error, "FAIL R-hat");
  expect_user_error(run_program({"sample", table_run().run(), "--kernel", "malla"}),
                    "did you mean \"mala\"?");
  expect_user_error(run_program({"sample", table_run().run(), "--kernel", "mala", "--set", "levels=3"}),
                    "sampler.levels");
}

TEST(Diagnose, ASoundRunPassesAndASpoiledOneDoesNot) {
  const auto sound = run_program({"diagnose", table_run().run(), "--threads", "1"});
  EXPECT_EQ(sound.code, 0) << sound.out << sound.error;
  expect_contains(sound.out, "trusted: the run passed");
  expect_contains(sound.out, "mean energy, validation part");
  // Langevin steps as large as the modes are wide: a bias that its own trainer does not see.
  const auto& folder = table_run().folder;
  const auto config = (folder / "c.json").string(), run = (folder / "langevin").string();
  const auto trained =
      run_program({"train", config, "--out", run, "--set",
                   "trainer={\"name\":\"dual_gda\",\"particle_step\":0.9}", "--threads", "1"});
  ASSERT_EQ(trained.code, 0) << trained.error;
  const auto spoiled = run_program({"diagnose", run, "--json", "--threads", "1"});
  EXPECT_EQ(spoiled.code, 3) << spoiled.out;
  const auto found = Json::parse(spoiled.out);
  EXPECT_FALSE(found["trusted"].get<bool>());
  for (const auto& check : found["checks"]) {
    const auto name = check["name"].get<std::string>();
    if (name.starts_with("model: ")) {
      EXPECT_TRUE(check["passed"].get<bool>()) << "the model itself can be sampled: " << name;
    }
    if (name == "particles: energies") {
      EXPECT_FALSE(check["passed"].get<bool>());
    }
  }
}

TEST(Score, RowsLabelsLikelihoodAndRanking) {
  const auto& folder = table_run().folder;
  // Columns in another order, a gap, a semicolon: the file is read by its own dialect, the
  // columns by the run's names.
  auto text = table_of_people(200, true);
  const auto data = folder.write("new.csv", text).string();
  const auto out = (folder / "scores.csv").string();
  const auto scored =
      run_program({"score", table_run().run(), data, "--anomaly", "fraud", "-o", out, "--json"});
  ASSERT_EQ(scored.code, 0) << scored.error;
  const auto summary = Json::parse(scored.out);
  EXPECT_EQ(summary["rows"], 200);
  EXPECT_EQ(summary["anomalies"], 20);
  EXPECT_GT(summary["auroc"]["value"].get<double>(), 0.8);
  EXPECT_LT(summary["auroc"]["low"].get<double>(), summary["auroc"]["value"].get<double>());
  EXPECT_EQ(summary["log_z_method"], "quadrature");
  const auto lines = lines_of(read_file(out));
  ASSERT_EQ(lines.size(), 201u);
  EXPECT_EQ(lines[0], "row,class,energy,log_likelihood,percentile");
  const auto first = fields_of(lines[1]), last = fields_of(lines[200]);
  EXPECT_EQ(first[0], "0");
  EXPECT_EQ(first[1], "fraud");
  EXPECT_EQ(last[0], "199");
  // log p = -E - log Z + log |det|: one number between the two columns, and p of the raw units.
  EXPECT_NEAR(std::stod(first[2]) + std::stod(first[3]), std::stod(last[2]) + std::stod(last[3]), 1e-6);
  // N(μ, Σ) of these columns has E log p = -1 - log(2π) - log(10 · 3).
  double mean = 0;
  int fine = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto fields = fields_of(lines[i]);
    if (fields[1] != "fine") continue;
    mean += std::stod(fields[3]);
    ++fine;
  }
  EXPECT_NEAR(mean / fine, -1 - std::log(2 * M_PI) - std::log(30.0), 0.2);
  expect_user_error(
      run_program({"score", table_run().run(), folder.write("other.csv", "a,b\n1,2\n").string()}), "height");
  expect_user_error(
      run_program({"score", table_run().run(), data, "--label", "class", "--anomaly", "absent"}),
      "--anomaly");
}

}  // namespace
}  // namespace ebm::testing
