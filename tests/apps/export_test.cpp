#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/safetensors.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

TEST(ExportCommand, WritesTheEnergyOfARunInBothFormats) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run";
  ASSERT_EQ(run_program({"train", config, "--out", run.string()}).code, 0);

  const auto exported = run_program({"export", run.string()});
  ASSERT_EQ(exported.code, 0) << exported.error;
  expect_contains(exported.out, "verified on");
  torch::jit::ExtraFilesMap extra = {{description_name, ""}};
  auto script = torch::jit::load((run / "export.pt").string(), torch::kCPU, extra);
  const auto live = load_energy_of(run.string(), torch::kCPU, standard_catalogue());
  Random random(1, "export_test");
  const auto x = live.domain->sample_base(20, random, torch::kFloat);
  EXPECT_LT(distance(script.forward({x}).toTensor(), live.energy->forward(x)), 1e-6);
  EXPECT_LT(distance(script.get_method("score")({x}).toTensor(), -live.energy->gradient(x)), 1e-5);

  const auto description = Json::parse(extra[description_name]);
  const auto last = read_records(run / "metrics.jsonl").back();
  EXPECT_EQ(description["log_z"], *find_metric(last.metrics, "log_z"));
  EXPECT_EQ(description["log_z_error"], *find_metric(last.metrics, "quadrature_error"));
  EXPECT_EQ(description["energy"], "shallow");
  EXPECT_EQ(description["configuration"], read_json_file((run / "config.json").string()));
  EXPECT_EQ(description["manifest"]["status"], "finished");

  const auto weights = (folder / "w.safetensors").string();
  ASSERT_EQ(run_program({"export", run.string(), "--format", "safetensors", "-o", weights}).code, 0);
  const auto content = read_safetensors(weights);
  EXPECT_EQ(content.tensors.size(), 3u);
  EXPECT_EQ(Json::parse(content.metadata.at(description_name))["log_z"], description["log_z"]);
}

// Dates around 2.5e6 that differ by hundredths: through a mean in float32 the likelihood was 2 nats off. The
// truth for N(m, .05²) is log(.05 sqrt(2 π e)) = -1.577.
TEST(ExportCommand, GivesTheRunsOwnLikelihoodFarFromZero) {
  const TemporaryFolder folder;
  Random random(4, "dates");
  const auto dates = 2.5e6 + 0.05 * random.normal({600}, torch::kDouble);
  std::string text = "date\n";
  for (std::int64_t i = 0; i < 600; ++i) text += fmt::format("{:.17g}\n", dates[i].item<double>());
  for (const char* type : {"float32", "float64"}) {
    const Json configuration = {
        {"dtype", type},
        {"domain", {{"name", "euclidean"}, {"dimension", 1}}},
        {"dataset", {{"name", "table_csv"}, {"path", folder.write("dates.csv", text).string()}}},
        {"transforms", {{{"name", "standardise"}}}},
        {"energy", {{"name", "mlp"}, {"hidden", {8}}, {"confinement", 1}}},
        {"trainer", {{"name", "exact_likelihood"}}},
        {"optimizer", {{"name", "adam"}, {"learning_rate", 0.02}}},
        {"loop", {{"iterations", 100}}},
        {"metrics", {{"every", 0}}}};
    const auto run = folder / type;
    const auto config = folder.write("c.json", configuration.dump()).string();
    const auto trained = run_program({"train", config, "--out", run.string()});
    ASSERT_EQ(trained.code, 0) << trained.error;
    const auto exported = run_program({"export", run.string()});
    ASSERT_EQ(exported.code, 0) << exported.error;
    expect_contains(exported.out, "verified against the run's own numbers: 60 points");
    const auto values = Json::parse(run_program({"evaluate", run.string(), "--json"}).out);
    EXPECT_NEAR(values["nll_test"].get<double>(), -1.577, 0.25)
        << "four standard errors, 0.7 / sqrt(60) each";
    auto script = torch::jit::load((run / "export.pt").string());
    const auto test =
        make_dataset(read_experiment(configuration, standard_catalogue()), std::make_shared<Euclidean>(1))
            .test;
    EXPECT_NEAR(script.forward({test}).toTensor().mean().item<double>() + values["log_z"].get<double>(),
                values["nll_test"].get<double>(), 1e-5);
    const auto content = [&] {
      run_program({"export", run.string(), "--format", "safetensors"});
      return read_safetensors(run / "export.safetensors");
    }();
    for (const auto& [name, tensor] : content.tensors) {
      if (name != "transform.0.mean") continue;
      EXPECT_NEAR(tensor.item<double>(), 2.5e6, 0.01);
    }
  }
}

// Where the data are gone the file is still right, and the output says what it was not compared with.
TEST(ExportCommand, SaysWhenTheDataAreOutOfReach) {
  const TemporaryFolder folder;
  auto configuration = Json::parse(small_configuration);
  const auto data = folder.write("p.csv", "x0,x1,x2\n1,0,0\n0,1,0\n0,0,1\n");
  configuration["dataset"] = {
      {"name", "points_csv"}, {"path", data.string()}, {"test_share", 0}, {"validation_share", 0}};
  const auto run = (folder / "run").string();
  const auto trained =
      run_program({"train", folder.write("c.json", configuration.dump()).string(), "--out", run});
  ASSERT_EQ(trained.code, 0) << trained.error;
  std::filesystem::remove(data);
  const auto exported = run_program({"export", run});
  ASSERT_EQ(exported.code, 0) << exported.error;
  expect_contains(exported.out, "not compared with the run's own numbers: ");
}

TEST(ExportCommand, ReplacesNothingUnasked) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_program({"train", config, "--out", run}).code, 0);
  const auto taken = folder.write("taken.pt", "mine").string();
  expect_user_error(run_program({"export", run, "-o", taken}), "is there already; --force replaces it");
  EXPECT_EQ(read_file(taken), "mine");
  EXPECT_EQ(run_program({"export", run, "-o", taken, "--force"}).code, 0);
  EXPECT_NE(read_file(taken), "mine");
  const auto model = (folder / "run" / "model.ebm");
  const auto before = read_file(model);
  expect_user_error(run_program({"export", run, "-o", model.string(), "--force"}), "is the run's own");
  EXPECT_EQ(read_file(model), before);
  expect_user_error(run_program({"export", run, "--format", "onnx"}), "--format");
  expect_user_error(run_program({"export", (folder / "absent").string()}), "not a run");
}

// Of a run that was stopped, the last record may be of other weights than the checkpoint's.
TEST(ExportCommand, TellsNoNormalizerOfOtherWeights) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run";
  ASSERT_EQ(run_program({"train", config, "--out", run.string()}).code, 0);
  std::filesystem::remove(run / "model.ebm");
  ASSERT_EQ(run_program({"export", run.string()}).code, 0);
  torch::jit::ExtraFilesMap extra = {{description_name, ""}};
  torch::jit::load((run / "export.pt").string(), torch::kCPU, extra);
  EXPECT_TRUE(Json::parse(extra[description_name])["log_z"].is_null());
}

}  // namespace
}  // namespace ebm::testing
