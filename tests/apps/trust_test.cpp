#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
  return fields;
}

/// A table of two correlated columns far from zero, with a label: a tenth of the rows lies elsewhere.
std::string table(int rows, bool anomalies) {
  std::string text = "height,weight,class\n";
  Random random(7, "table");
  const auto z = random.normal({rows, 2}, torch::kDouble);
  for (int i = 0; i < rows; ++i) {
    const bool strange = anomalies && i % 10 == 0;
    const double a = z[i][0].item<double>(), b = z[i][1].item<double>();
    text += fmt::format("{},{},{}\n", 170 + 10 * a, 70 + (strange ? -12 : 8) * a + 3 * b,
                        strange ? "fraud" : "fine");
  }
  return text;
}

/// A run on the first table, short and good: what the tests below read.
struct TableRun {
  TableRun() {
    folder.write("people.csv", table(400, false));
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
  auto text = table(200, true);
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

TEST(Fit, WritesARunWithItsVerdictThatTrainReproduces) {
  const TemporaryFolder folder;
  const auto data = folder.write("people.csv", table(300, false)).string();
  const auto run = (folder / "run").string(), config = (folder / "chosen.json").string();
  const std::vector<std::string> small = {"--set", "loop.iterations=150",   "--set",     "energy.hidden=[16]",
                                          "--set", "trainer.particles=300", "--threads", "1"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), small.begin(), small.end());
    return run_program(arguments);
  };
  const auto fitted = with({"fit", data, "--out", run});
  EXPECT_EQ(fitted.code, 0) << fitted.out << fitted.error;
  expect_contains(fitted.error, "class: left out by its name");
  expect_contains(fitted.out, "trusted: the density passed");
  expect_contains(fitted.out, "held-out NLL Gaussian");
  expect_contains(fitted.out, "held-out NLL kernel density");
  for (const char* name : {"config.json", "model.ebm", "report.html", "verdict.json"})
    EXPECT_TRUE(std::filesystem::exists(folder / "run" / name)) << name;
  ASSERT_EQ(with({"fit", data, "--write-config", config}).code, 0);
  ASSERT_EQ(run_program({"train", config, "--out", (folder / "again").string(), "--threads", "1"}).code, 0);
  EXPECT_EQ(read_file(folder / "run" / "model.ebm"), read_file(folder / "again" / "model.ebm"));
}

TEST(Fit, SaysWhatItCannotFit) {
  const TemporaryFolder folder;
  expect_contains(run_program({"fit", folder.write("few.csv", "a,b\n1,2\n3,4\n").string()}).error,
                  "2 rows, and a density needs 20");
  std::string constant = "a\n";
  for (int i = 0; i < 30; ++i) constant += "1\n";
  expect_contains(run_program({"fit", folder.write("constant.csv", constant).string()}).error,
                  "one number throughout");
  expect_contains(run_program({"fit", (folder / "absent.csv").string()}).error, "absent.csv");
}

/// Half of them a belt of one degree, half anywhere; `repeated` of them come twice.
std::string places_on_the_globe(int count, int repeated) {
  Random random(4, "places");
  const auto numbers = random.uniform({count, 2}, torch::kDouble);
  const auto number = numbers.accessor<double, 2>();
  std::string text = "Latitude,Longitude\n";
  for (int i = 0; i < count; ++i) {
    const double height = i % 2 == 0 ? 0.3 + 0.02 * number[i][0] : 2 * number[i][0] - 1;
    const auto row = fmt::format("{},{}\n", 180 / M_PI * std::asin(height), 360 * number[i][1] - 180);
    text += i < repeated ? row + row : row;
  }
  return text;
}

// The belt holds half of the points on a hundredth of the sphere, which a kernel of one width, chosen for
// all, cannot show. Log Z is by quadrature, so that the verdict on the density does not wait for chains.
TEST(Fit, OnTheGlobeTakesBumpsAsSharpAsThePositionsAllow) {
  const TemporaryFolder folder;
  const auto data = folder.write("belt.csv", places_on_the_globe(400, 0)).string();
  const auto fitted =
      run_program({"fit", data, "--out", (folder / "run").string(), "--minutes", "0.3", "--set",
                   "loop.iterations=60", "--set", "energy.concentrations=[8,40,200,1000]", "--threads", "1"});
  EXPECT_EQ(fitted.code, 0) << fitted.out << fitted.error;
  expect_contains(fitted.error, "from 20 to 0.4 degrees wide");
  expect_contains(fitted.out, "trusted: the density passed the check");
  const auto verdict = read_json_file((folder / "run" / "verdict.json").string());
  EXPECT_TRUE(verdict["trusted"].get<bool>());
  EXPECT_GT(verdict["sampling"]["checks"].size(), 4u);
  expect_contains(fitted.out, "held-out NLL kernel density");
  const auto again = folder.write("again.csv", places_on_the_globe(400, 60)).string();
  const auto chosen = run_program({"fit", again, "--write-config", (folder / "chosen.json").string()});
  ASSERT_EQ(chosen.code, 0) << chosen.error;
  expect_contains(chosen.error, "from 20 degrees to one: 26 % of the rows repeat a position");
  const auto concentrations = read_json_file((folder / "chosen.json").string())["energy"]["concentrations"]
                                  .get<std::vector<double>>();
  EXPECT_LT(concentrations.back(), 3300);
  // What it chooses beyond the data and the time is what apps/configs/earth.json says.
  const auto published = read_json_file(std::string(EBM_SOURCE_DIR) + "/apps/configs/earth.json");
  const auto ours = read_json_file((folder / "chosen.json").string());
  for (const char* section : {"domain", "dtype", "trainer", "optimizer", "metrics"})
    EXPECT_EQ(ours[section], published[section]) << section;
}

// In more than two dimensions log Z is estimated from both ends, kept, and read by score.
TEST(Fit, KeepsLogZWhereThereIsNoQuadrature) {
  const TemporaryFolder folder;
  Random random(3, "table");
  const auto z = random.normal({400, 4}, torch::kDouble);
  std::string text = "a,b,c,d\n";
  for (int i = 0; i < 400; ++i)
    text += fmt::format("{},{},{},{}\n", z[i][0].item<double>(), 2 * z[i][1].item<double>(),
                        3 * z[i][2].item<double>(), 4 * z[i][3].item<double>() + z[i][0].item<double>());
  const auto data = folder.write("four.csv", text).string(), run = (folder / "run").string();
  const auto fitted = run_program({"fit", data, "--out", run, "--set", "loop.iterations=200", "--set",
                                   "energy.hidden=[16]", "--set", "trainer.particles=300", "--threads", "1"});
  EXPECT_EQ(fitted.code, 0) << fitted.out << fitted.error;
  const auto density = read_json_file((folder / "run" / "density.json").string());
  EXPECT_LT(density["standard_error"].get<double>(), 0.3);
  const auto scored = run_program({"score", run, data, "-o", (folder / "s.csv").string(), "--json"});
  ASSERT_EQ(scored.code, 0) << scored.error;
  const auto summary = Json::parse(scored.out);
  EXPECT_EQ(summary["log_z_method"], "annealing both ways");
  // -E log p of N(0, diag(1, 4, 9, 16)) is 2 + 2 log 2π + log 24; a finite sample of 400
  // rows fits a little better.
  EXPECT_NEAR(summary["mean_log_likelihood"].get<double>(), -(2 + 2 * std::log(2 * M_PI) + std::log(24.0)),
              0.25);
}

}  // namespace
}  // namespace ebm::testing
