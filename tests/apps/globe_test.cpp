#include <nlohmann/json.hpp>

#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

const std::string globe_configuration = std::string(EBM_SOURCE_DIR) + "/apps/configs/globe.json";

TEST(Globe, ABadRowNamesFileAndLine) {
  const TemporaryFolder folder;
  const auto points = folder.write("points.csv", "lat_deg,lon_deg\n10,20\n91,20\n");
  const auto outcome = run_program({"train", globe_configuration, "--set", "dataset.path=" + points.string(),
                                    "--out", (folder / "run").string()});
  expect_user_error(outcome, points.string() + ":3: latitude 91 is not in [-90, 90] degrees");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST(Globe, TrainsOnRealPointsAndReportsExactLikelihood) {
  const auto data = data_folder() / "earth" / "earthquake.csv";
  if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not here";
  const TemporaryFolder folder;
  const auto run = (folder / "run").string();
  const auto split = data_folder() / "earth" / "splits" / "earthquake_seed0.csv";
  const auto outcome =
      run_program({"train", globe_configuration, "--set", "dataset.path=" + data.string(), "--set",
                   "dataset.split=" + split.string(), "--set", "loop.iterations=300", "--out", run});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto evaluated = run_program({"evaluate", run, "--json"});
  const auto values = Json::parse(evaluated.out);
  // The uniform density has log 4π = 2.5310 nats; anything learned is below it, and KL has no teacher here.
  EXPECT_LT(values["nll_test"].get<double>(), 2.4);
  EXPECT_LT(values["quadrature_error"].get<double>(), 1e-3);
  EXPECT_FALSE(values.contains("kl"));
  expect_contains(read_file(std::filesystem::path(run) / "report.html"),
                  "\"globes\":[{\"title\":\"dual_gda\"");
}

}  // namespace
}  // namespace ebm::testing
