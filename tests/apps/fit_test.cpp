#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/config_file.hpp"
#include "tests/apps/people.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

TEST(Fit, WritesARunWithItsVerdictThatTrainReproduces) {
  const TemporaryFolder folder;
  const auto data = folder.write("people.csv", table_of_people(300, false)).string();
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
