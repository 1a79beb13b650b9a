#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

TEST(CommandLine, HelpIsThereForEveryCommand) {
  for (const char* command :
       {"train", "compare", "tune", "evaluate", "sample", "export", "list", "fit", "score", "diagnose"}) {
    const auto outcome = run_program({command, "--help"});
    EXPECT_EQ(outcome.code, 0);
    expect_contains(outcome.out, "Usage: dualebm " + std::string(command));
  }
}

TEST(CommandLine, ErrorsAreOneLineWithCode2) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto train = [&](const std::string& assignment) {
    return run_program({"train", config, "--set", assignment, "--out", (folder / "run").string()});
  };
  expect_user_error(run_program({}), "subcommand");
  expect_user_error(run_program({"train"}), "give a configuration file");
  expect_user_error(run_program({"train", "absent.json"}), "absent.json: cannot be opened");
  expect_user_error(run_program({"train", config, "--threads", "many"}), "--threads");
  expect_user_error(run_program({"train", config, "--device", "tpu"}),
                    "--device tpu: expected cpu, cuda or cuda:I");
  expect_user_error(train("trainer.particle_stp=1"),
                    "trainer.particle_stp: unknown key (did you mean \"particle_step\"?)");
  expect_user_error(train("trainer.particle_step=-1"),
                    "trainer.particle_step: expected a number > 0, found -1");
  expect_user_error(train("energy.name=shalow"), "did you mean \"shallow\"?");
  expect_user_error(train("optimizer.name=aadam"), "did you mean \"adam\"?");
  expect_user_error(train("energy={\"name\": \"gaussian\"}"),
                    "gaussian lives on the domain euclidean, not on sphere");
  expect_user_error(train("dataset.teacher.neurons=[[1,0]]"), "teacher.neurons[0]: 3 numbers, got 2");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"))
      << "an error in the configuration must not leave a folder";
}

TEST(CommandLine, TrainWritesTheWholeRunDirectory) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run";
  const auto outcome = run_program({"train", config, "--seed", "3", "--out", run.string(), "--threads", "1",
                                    "--set", "trainer.particle_step=0.02"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.out, "kl ");

  const auto resolved = read_json_file((run / "config.json").string());
  EXPECT_EQ(resolved["seed"], 3);
  EXPECT_EQ(resolved["trainer"]["particle_step"], 0.02);
  EXPECT_EQ(resolved["trainer"]["particles_per_point"], 2) << "defaults are filled in";
  const auto manifest = read_json_file((run / "manifest.json").string());
  for (const char* key :
       {"program", "libtorch", "compiler", "seed", "device", "threads", "started", "seconds"}) {
    EXPECT_TRUE(manifest.contains(key)) << key;
  }
  EXPECT_EQ(manifest["status"], "finished");
  const auto records = read_records(run / "metrics.jsonl");
  ASSERT_EQ(records.size(), 5u);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].progress.iteration, static_cast<std::int64_t>(10 * i));
    // Two Langevin copies of 200 points, their neuron gradients, and those of the data.
    EXPECT_EQ(records[i].progress.gradient_evaluations,
              static_cast<std::int64_t>(10 * i) * (400 + 400 + 200));
    for (const char* name : {"kl", "score_error", "tv", "log_z", "nll_test"}) {
      EXPECT_NE(find_metric(records[i].metrics, name), nullptr) << name;
    }
  }
  for (const char* name : {"checkpoint.ebm", "model.ebm", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(run / name));
}

TEST(CommandLine, AFinishedRunIsNotOverwrittenWithoutForce) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_program({"train", config, "--out", run}).code, 0);
  const auto before = read_file(folder / "run" / "metrics.jsonl");
  const auto refused = run_program({"train", config, "--out", run});
  EXPECT_EQ(refused.code, 2);
  expect_contains(refused.error, "--force");
  EXPECT_EQ(read_file(folder / "run" / "metrics.jsonl"), before);
  EXPECT_EQ(run_program({"train", config, "--out", run, "--force"}).code, 0);
}

TEST(CommandLine, TheSameSeedGivesTheSameBitsAndAnotherSeedDoesNot) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto model = [&](const std::string& name, const std::string& seed, const std::string& threads) {
    const auto run = folder / name;
    EXPECT_EQ(
        run_program({"train", config, "--seed", seed, "--out", run.string(), "--threads", threads}).code, 0);
    return read_file(run / "model.ebm");
  };
  const auto first = model("a", "1", "1");
  EXPECT_EQ(first, model("b", "1", "1"));
  EXPECT_EQ(first, model("c", "1", "2")) << "sums over shards do not depend on the number of threads";
  EXPECT_NE(first, model("d", "2", "1"));
}

TEST(CommandLine, ADivergingRunSaysSoAndKeepsTheLastCheckpoint) {
  const TemporaryFolder folder;
  const auto points = folder.write("points.csv", "x0,x1\n0,1\n1,0\n-1,0\n0,-1\n0.5,0.5\n-0.5,0.2\n");
  const auto config =
      folder.write("c.json", R"({"domain": {"name": "euclidean"},
    "dataset": {"name": "points_csv", "path": ")" +
                                 points.string() + R"(", "test_share": 0.2, "validation_share": 0},
    "energy": {"name": "gaussian"}, "trainer": {"name": "dual_gda", "particle_step": 5},
    "optimizer": {"name": "sgd"}, "loop": {"iterations": 4000, "checkpoint_every": 1, "recoveries": 0}})");
  const auto outcome = run_program({"train", config.string(), "--out", (folder / "run").string()});
  EXPECT_EQ(outcome.code, 2);
  expect_contains(outcome.error, "is not finite; likely cause: particle_step 5");
  expect_contains(outcome.error, "the last good checkpoint is");
  const auto manifest = read_json_file((folder / "run" / "manifest.json").string());
  expect_contains(manifest["status"].get<std::string>(), "diverged: iteration");
}

TEST(CommandLine, EvaluateAndSampleReadARunBack) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_program({"train", config, "--out", run}).code, 0);
  const auto sampled = run_program({"sample", run, "-n", "50", "-o", (folder / "s.csv").string()});
  ASSERT_EQ(sampled.code, 0) << sampled.error;
  const auto evaluated = run_program({"evaluate", run, "--data", (folder / "s.csv").string(), "--json"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.error;
  const auto values = Json::parse(evaluated.out);
  const auto last = read_records(std::filesystem::path(run) / "metrics.jsonl").back();
  EXPECT_DOUBLE_EQ(values["kl"].get<double>(), *find_metric(last.metrics, "kl"));
  EXPECT_TRUE(values.contains("nll_data"));
  expect_user_error(run_program({"evaluate", (folder / "absent").string()}), "not a run");
  const auto again = run_program({"sample", run, "-n", "50"});
  EXPECT_EQ(again.out, read_file(folder / "s.csv")) << "the same seed draws the same points";
}

TEST(CommandLine, ListNamesEveryChoice) {
  const auto outcome = run_program({"list"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* name :
       {"sphere", "euclidean", "teacher_student", "lat_lon_csv", "shallow", "lazy_shallow", "gaussian",
        "von_mises_fisher", "maximum_likelihood", "dual_gda", "restart_gda", "score_matching",
        "wasserstein_fisher_rao", "adam", "sgd", "kl", "score_error", "nll_test", "particle_step"}) {
    expect_contains(outcome.out, name);
  }
  expect_user_error(run_program({"list", "colour"}), "unknown kind");
}

TEST(CommandLine, NamesTheNearestSubcommand) {
  const auto outcome = run_program({"trian", "c.json"});
  EXPECT_EQ(outcome.code, 2);
  expect_contains(outcome.error, "trian: no such subcommand (did you mean \"train\"?)");
}

TEST(CommandLine, ChecksAConfigurationWithoutTraining) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto outcome = run_program({"check", config});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.out, "keeps its promises");
  EXPECT_FALSE(std::filesystem::exists("runs"));
}

// A run belongs to its data: a file that has changed since gives no numbers.
TEST(CommandLine, DataThatHaveChangedSinceAreRefused) {
  const TemporaryFolder folder;
  std::string rows = "x0,x1\n";
  for (int i = 0; i < 60; ++i) rows += fmt::format("{},{}\n", std::sin(i), std::cos(3 * i));
  const auto data = folder.write("points.csv", rows);
  const auto config = folder
                          .write("c.json", R"({"domain": {"name": "euclidean", "dimension": 2},
    "dataset": {"name": "table_csv", "path": ")" +
                                               data.string() + R"("}, "energy": {"name": "gaussian"},
    "optimizer": {"name": "sgd"}, "loop": {"iterations": 4}, "metrics": {"every": 0}})")
                          .string();
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_program({"train", config, "--out", run}).code, 0);
  ASSERT_EQ(run_program({"evaluate", run}).code, 0);
  folder.write("points.csv", rows + "0.5,0.5\n");
  const auto evaluated = run_program({"evaluate", run});
  EXPECT_EQ(evaluated.code, 2);
  expect_contains(evaluated.error, "the data are not those of the run");
  const auto resumed = run_program({"train", "--resume", run, "--set", "loop.iterations=8"});
  EXPECT_EQ(resumed.code, 2);
  expect_contains(resumed.error, "the data are not those of the run");
  folder.write("points.csv", rows);
  EXPECT_EQ(run_program({"evaluate", run}).code, 0);
}

}  // namespace
}  // namespace ebm::testing
