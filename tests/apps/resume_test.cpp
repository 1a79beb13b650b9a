#include <chrono>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

/// Long enough to be killed in the middle, with minibatches, random restarts and both schedules, so that
/// every part of the state matters.
const std::string resumable = R"({
  "dataset": {"name": "teacher_student", "train": 500, "test": 100,
              "teacher": {"name": "teacher", "neurons": [[0, 0, 1], [0, 1, 0]]}},
  "energy": {"name": "shallow", "neurons": 16},
  "trainer": {"name": "restart_gda", "restart_every": 0, "restart_probability": 0.01},
  "optimizer": {"name": "OPTIMIZER"},
  "optimizer_schedule": {"name": "inverse_sqrt"},
  "particle_schedule": {"name": "cosine"},
  "loop": {"iterations": 6000, "batch_size": 300, "checkpoint_every": 100},
  "metrics": {"every": 50, "resolution": 20}
})";

std::string with_optimizer(const std::string& name) {
  auto text = resumable;
  text.replace(text.find("OPTIMIZER"), 9, name);
  return text;
}

/// Records but for the time they took.
std::vector<Record> without_seconds(std::vector<Record> records) {
  for (auto& record : records) record.progress.seconds = 0;
  return records;
}

class Resume : public ::testing::TestWithParam<const char*> {};

// Killed at several random moments and resumed each time, the run must end where the undisturbed one does,
// bit for bit: a generator, a counter or an optimizer moment left out of the checkpoint shows here.
TEST_P(Resume, AfterSigkillEndsInTheSameBits) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", with_optimizer(GetParam())).string();
  const auto whole = folder / "whole", killed = folder / "killed";
  ASSERT_EQ(run_program({"train", config, "--out", whole.string(), "--threads", "2"}).code, 0);

  std::mt19937 random(2024);
  std::vector<std::string> arguments = {"train", config, "--out", killed.string(), "--threads", "2"};
  int kills = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const Program program(arguments);
    const auto begin = std::chrono::steady_clock::now();
    while (!std::filesystem::exists(killed / "checkpoint.ebm") &&
           std::chrono::steady_clock::now() - begin < std::chrono::seconds(30)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 500));
    program.send(SIGKILL);
    if (program.wait().signal == SIGKILL) ++kills;
    arguments = {"train", "--resume", killed.string(), "--threads", "2"};
  }
  const auto last = run_program(arguments);
  ASSERT_EQ(last.code, 0) << last.error;
  EXPECT_GE(kills, 1) << "the run was never killed in the middle; make it longer";

  EXPECT_EQ(read_file(killed / "model.ebm"), read_file(whole / "model.ebm"));
  const auto a = without_seconds(read_records(killed / "metrics.jsonl"));
  const auto b = without_seconds(read_records(whole / "metrics.jsonl"));
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].progress.iteration, b[i].progress.iteration);
    EXPECT_EQ(a[i].progress.gradient_evaluations, b[i].progress.gradient_evaluations);
    EXPECT_EQ(a[i].metrics, b[i].metrics);
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Resume, ::testing::Values("wasserstein_fisher_rao", "adam"));

TEST(Resume, InterruptEndsWithACheckpointThatGoesOnInTheSameBits) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", with_optimizer("wasserstein_fisher_rao")).string();
  const auto whole = folder / "whole", interrupted = folder / "interrupted";
  ASSERT_EQ(run_program({"train", config, "--out", whole.string()}).code, 0);
  const Program program({"train", config, "--out", interrupted.string()});
  while (!std::filesystem::exists(interrupted / "checkpoint.ebm")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  program.send(SIGINT);
  const auto stopped = program.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  expect_contains(stopped.error, "interrupted");
  EXPECT_LT(read_records(interrupted / "metrics.jsonl").back().progress.iteration, 6000);
  ASSERT_EQ(run_program({"train", "--resume", interrupted.string()}).code, 0);
  EXPECT_EQ(read_file(interrupted / "model.ebm"), read_file(whole / "model.ebm"));
}

// Chains that start at a minibatch are fewer than copies of all data; a checkpoint must take them as they
// are. A replay buffer and the average of the parameters are in it too.
TEST(Resume, ChainsOfAMinibatchGoOnToo) {
  for (const std::string trainer :
       {R"({"name": "score_matching"})", R"({"name": "maximum_likelihood", "chains": "data"})",
        R"({"name": "persistent_contrastive_divergence", "buffer_size": 120, "langevin_steps": 3})"}) {
    const TemporaryFolder folder;
    const auto config = folder.write("c.json", small_configuration).string();
    const auto train = [&](const std::vector<std::string>& more) {
      std::vector<std::string> arguments = {"train", config,
                                            "--set", "trainer=" + trainer,
                                            "--set", "loop.batch_size=50",
                                            "--set", "loop.average_decay=0.9",
                                            "--set", "loop.gradient_clip=1e-3"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const auto outcome = run_program(arguments);
      EXPECT_EQ(outcome.code, 0) << outcome.error;
    };
    const auto run = (folder / "run").string(), whole = (folder / "whole").string();
    train({"--out", whole});
    train({"--out", run, "--set", "loop.iterations=23"});
    train({"--resume", run});
    EXPECT_EQ(read_file(folder / "run" / "model.ebm"), read_file(folder / "whole" / "model.ebm"));
    EXPECT_EQ(read_records(folder / "run" / "metrics.jsonl").size(), 5u)
        << "the record at 23 belongs to no whole run";
  }
}

TEST(Resume, AnotherExperimentIsRefused) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_program({"train", config, "--out", run}).code, 0);
  const auto before = read_file(folder / "run" / "config.json");
  for (const char* change : {"seed=9", "energy.activation=softplus", "trainer.antithetic=false",
                             "dataset.train=300", "dtype=float64"}) {
    const auto outcome = run_program({"train", "--resume", run, "--set", change});
    EXPECT_EQ(outcome.code, 2) << change;
    expect_contains(outcome.error, "differs from the run's config.json");
  }
  EXPECT_EQ(read_file(folder / "run" / "config.json"), before);
}

// The configuration in the folder is only a file: whose checkpoint it is, it says itself.
TEST(Resume, AConfigurationChangedByHandIsRefused) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run";
  ASSERT_EQ(run_program({"train", config, "--out", run.string(), "--set", "trainer.particle_step=0.02",
                         "--set", "trainer.antithetic=true"})
                .code,
            0);
  auto text = read_file(run / "config.json");
  const auto place = text.find("\"antithetic\": true");
  ASSERT_NE(place, std::string::npos);
  std::ofstream(run / "config.json") << text.replace(place, 18, "\"antithetic\": false");
  const auto outcome = run_program({"train", "--resume", run.string(), "--set", "loop.iterations=80"});
  EXPECT_EQ(outcome.code, 2);
  expect_contains(outcome.error, "of another run: trainer/antithetic, which is true there and false here");
}

TEST(Resume, ChangedStepsAreNotedInTheManifest) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run", other = folder / "other";
  ASSERT_EQ(run_program({"train", config, "--out", run.string(), "--set", "trainer.particle_step=0.02"}).code,
            0);
  std::filesystem::copy(run, other);
  const auto resume = [&](const std::filesystem::path& path, const std::string& step) {
    const auto outcome = run_program({"train", "--resume", path.string(), "--set", "loop.iterations=60",
                                      "--set", "trainer.particle_step=" + step});
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  };
  resume(run, "0.01");
  resume(other, "0.02");
  EXPECT_NE(read_file(run / "model.ebm"), read_file(other / "model.ebm"));
  const auto resumed = read_json_file((run / "manifest.json").string())["resumed"];
  ASSERT_EQ(resumed.size(), 1U);
  EXPECT_EQ(resumed[0]["iteration"], 40);
  bool noted = false;
  for (const auto& change : resumed[0]["changed"]) {
    noted = noted || change == Json{{"key", "trainer/particle_step"}, {"from", 0.02}, {"to", 0.01}};
  }
  EXPECT_TRUE(noted) << resumed.dump();
}

// The newest is damaged: the run goes on from the one before it and ends in the same bits. Both are: refused.
TEST(Resume, ADamagedCheckpointFallsBackToTheOlderOne) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run", whole = folder / "whole";
  ASSERT_EQ(run_program({"train", config, "--out", run.string()}).code, 0);
  ASSERT_EQ(run_program({"train", config, "--out", whole.string(), "--set", "loop.iterations=80"}).code, 0);
  const auto damage = [&](const char* name) {
    auto bytes = read_file(run / name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(run / name, std::ios::binary) << bytes;
  };
  const auto resume = [&](const std::string& iterations) {
    return run_program({"train", "--resume", run.string(), "--set", "loop.iterations=" + iterations});
  };
  damage("checkpoint.ebm");
  const auto outcome = resume("80");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "damaged: checksum");
  expect_contains(outcome.error, "going on from " + (run / "checkpoint.older.ebm").string());
  EXPECT_EQ(read_file(run / "model.ebm"), read_file(whole / "model.ebm"));
  damage("checkpoint.ebm");
  damage("checkpoint.older.ebm");
  const auto refused = resume("90");
  EXPECT_EQ(refused.code, 2);
  expect_contains(refused.error, "damaged: checksum");
}

// A finished run goes on when it is given more iterations, and its records are kept.
TEST(Resume, MoreIterationsExtendAFinishedRun) {
  const TemporaryFolder folder;
  const auto config = folder.write("c.json", small_configuration).string();
  const auto run = folder / "run", whole = folder / "whole";
  ASSERT_EQ(run_program({"train", config, "--out", run.string()}).code, 0);
  ASSERT_EQ(run_program({"train", "--resume", run.string(), "--set", "loop.iterations=80"}).code, 0);
  ASSERT_EQ(run_program({"train", config, "--set", "loop.iterations=80", "--out", whole.string()}).code, 0);
  EXPECT_EQ(read_records(run / "metrics.jsonl").size(), 9u);
  EXPECT_EQ(read_file(run / "model.ebm"), read_file(whole / "model.ebm"));
}

}  // namespace
}  // namespace ebm::testing
