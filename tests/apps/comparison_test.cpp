#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

#include "dualebm/apps/comparison/comparison_progress.hpp"
#include "dualebm/apps/comparison/worker.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "tests/apps/program.hpp"
#include "tests/apps/waiting.hpp"

namespace ebm::testing {
namespace {

using namespace std::chrono_literals;

/// Three entries of unlike length over two seeds, of which one diverges; a training takes
/// some tenths of a second.
std::string comparison_file(const TemporaryFolder& folder) {
  auto configuration = Json::parse(small_configuration);
  configuration["trainer"]["particle_step"] = 0.02;
  configuration["loop"] = {{"iterations", 300}, {"checkpoint_every", 20}, {"recoveries", 0}};
  configuration["compare"] = {
      {"seeds", {0, 1}},
      {"entries",
       {{{"label", "short"}, {"set", {{"loop.iterations", 100}}}},
        {{"label", "long"}, {"set", {{"loop.iterations", 600}}}},
        {{"label", "wild"}, {"set", {{"optimizer", {{"name", "sgd"}, {"learning_rate", 1e30}}}}}}}}};
  return folder.write("c.json", configuration.dump()).string();
}

/// What does not hang on the clock.
Json without_seconds(Json value) {
  if (value.is_object()) {
    for (const char* key : {"seconds", "title"}) value.erase(key);
  }
  if (value.is_structured()) {
    for (auto& part : value) part = without_seconds(part);
  }
  return value;
}

Json tables_of(const std::filesystem::path& out) {
  const auto content = read_json_file((out / "comparison.json").string());
  return without_seconds({content["final"], content["at_equal_gradient_evaluations"]});
}

struct Reference {
  Reference() {
    const auto outcome =
        run_program({"compare", comparison_file(folder), "--out", out().string(), "--workers", "1"});
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
  std::filesystem::path out() const { return folder / "out"; }
  TemporaryFolder folder;
};

const Reference& reference() {
  static const Reference once;
  return once;
}

void expect_same_as_by_one(const std::filesystem::path& out) {
  const auto& one = reference().out();
  EXPECT_EQ(tables_of(out), tables_of(one));
  for (const char* run : {"short/seed0", "short/seed1", "long/seed0", "long/seed1"}) {
    EXPECT_EQ(read_file(out / run / "model.ebm"), read_file(one / run / "model.ebm")) << run;
  }
}

TEST(Comparison, WorkersGiveTheSameAsOneProcess) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto outcome =
      run_program({"compare", comparison_file(folder), "--out", out.string(), "--workers", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "6 of 6 done, 0 running, 0 left");
  expect_contains(outcome.error, "wild seed 1: diverged");
  expect_same_as_by_one(out);
}

// The longest are begun first: by two workers, both of "long" before any other.
TEST(Comparison, WorkersTakeTheLongestFirst) {
  const TemporaryFolder folder;
  const Program program({"compare", comparison_file(folder), "--out", (folder / "out").string(), "--workers",
                         "2", "--set", "loop.iterations=300"});
  ASSERT_TRUE(wait_for_file(folder / "out" / "long" / "seed1" / "manifest.json"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out" / "short" / "seed0" / "manifest.json"));
  EXPECT_EQ(program.wait().code, 0);
}

// Killed over and over at moments that wander through it, together with its workers, it
// comes to the same tables.
TEST(Comparison, KilledAndTakenUpItEndsInTheSameTables) {
  const TemporaryFolder folder;
  const auto config = comparison_file(folder);
  const auto out = (folder / "out").string();
  bool begun = false;
  for (int kill = 0; kill < 4; ++kill) {
    const Program program(begun
                              ? std::vector<std::string>{"compare", "--resume", out, "--workers", "2"}
                              : std::vector<std::string>{"compare", config, "--out", out, "--workers", "2"});
    ASSERT_TRUE(wait_for_file(folder / "out" / "plan.json"));
    begun = true;
    std::this_thread::sleep_for(300ms + kill * 170ms);
    const auto workers = children_of(program.process());
    program.send(SIGKILL);
    program.wait();
    // They end by themselves once who began them is gone, and leave what can be taken up.
    for (const auto worker : workers) {
      for (int i = 0; i < 400 && ::kill(worker, 0) == 0; ++i) std::this_thread::sleep_for(25ms);
      EXPECT_NE(::kill(worker, 0), 0) << "a worker outlives the comparison";
    }
  }
  const auto outcome = run_program({"compare", "--resume", out, "--workers", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "of 6 trainings are done already");
  expect_same_as_by_one(out);
}

TEST(Comparison, InterruptedItHasTablesOfWhatIsDoneAndGoesOn) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const Program program({"compare", comparison_file(folder), "--out", out.string(), "--workers", "2", "--set",
                         "compare.seeds=[0,1,2,3,4,5,6,7]"});
  ASSERT_TRUE(wait_for_file(out / "long" / "seed0" / "model.ebm"));
  program.send(SIGTERM);
  const auto outcome = program.wait();
  EXPECT_EQ(outcome.code, 143) << outcome.error;
  expect_contains(outcome.error, "dualebm compare --resume");
  const auto report = run_program({"report", out.string()});
  EXPECT_EQ(report.code, 0) << report.error;
  expect_contains(report.out, "of 24 trainings have ended");
  const auto rest = run_program({"compare", "--resume", out.string(), "--set", "compare.seeds=[0,1]"});
  ASSERT_EQ(rest.code, 0) << rest.error;
  expect_same_as_by_one(out);
}

/// Whether a training that is at work has come to its first checkpoint, or does so in time.
bool has_checkpoint(const std::filesystem::path& run) { return wait_for_file(run / "checkpoint.ebm"); }

// A terminal sends SIGINT to every process there: each training writes its checkpoint, once.
TEST(Comparison, InterruptedByATerminalEveryTrainingCanGoOn) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const Program program({"compare", comparison_file(folder), "--out", out.string(), "--workers", "2", "--set",
                         "loop.iterations=100000", "--set", "compare.seeds=[0]", "--set",
                         R"(compare.entries=[{"label": "a"}, {"label": "b"}])"},
                        /*own_group=*/true);
  ASSERT_TRUE(has_checkpoint(out / "a" / "seed0"));
  ASSERT_TRUE(has_checkpoint(out / "b" / "seed0"));
  program.send_to_all(SIGINT);
  const auto outcome = program.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.error;
  expect_contains(outcome.error, "interrupted: no training has ended yet; dualebm compare --resume");
  for (const char* run : {"a/seed0", "b/seed0"}) {
    const auto manifest = read_json_file((out / run / "manifest.json").string());
    EXPECT_EQ(manifest["status"], "interrupted: by SIGINT") << run;
    EXPECT_GT(manifest["iteration"].get<int>(), 0) << run;
  }
}

// Where the last checkpoint falls on the last iteration, and its evaluation comes after it.
TEST(Comparison, TablesHaveTheEvaluationAtTheEnd) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto outcome = run_program({"compare", comparison_file(folder), "--out", out.string(), "--set",
                                    "compare.seeds=[0]", "--set", "metrics.every=0"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto content = read_json_file((out / "comparison.json").string());
  const auto& end = content["final"]["rows"][0];
  const auto& at_budget = content["at_equal_gradient_evaluations"]["rows"][0];
  ASSERT_EQ(end["label"], "short");
  EXPECT_EQ(at_budget["label"], "short");
  EXPECT_EQ(end["kl"], at_budget["kl"]) << "its whole budget is the least of all";
}

// A checkpoint of before must not stand in for the end.
TEST(Comparison, ADamagedCheckpointIsNoResult) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  std::filesystem::copy(reference().out(), out, std::filesystem::copy_options::recursive);
  const auto checkpoint = out / "long" / "seed0" / "checkpoint.ebm";
  std::filesystem::resize_file(checkpoint, std::filesystem::file_size(checkpoint) / 2);
  const auto outcome = run_program({"report", out.string()});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  expect_contains(outcome.error, checkpoint.string() + ": damaged; the run ended at iteration 600");
}

// What is no run is left as it is, and never taken for one later.
TEST(Comparison, AFolderWithSomethingElseIsLeftAlone) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto config = comparison_file(folder);
  ASSERT_EQ(run_program({"compare", config, "--out", out.string(), "--set", "compare.seeds=[0]"}).code, 0);
  std::filesystem::create_directories(out / "short" / "seed1");
  std::ofstream(out / "short" / "seed1" / "notes.txt") << "mine";
  for (int again = 0; again < 2; ++again) {
    const auto outcome = run_program({"compare", config, "--resume", out.string()});
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    expect_contains(outcome.error, "short seed 1: ");
    EXPECT_FALSE(std::filesystem::exists(out / "short" / "seed1" / "manifest.json"));
    EXPECT_EQ(read_file(out / "short" / "seed1" / "notes.txt"), "mine");
  }
}

TEST(Comparison, AddedSeedsAndEntriesTrainWhatIsMissing) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto config = comparison_file(folder);
  ASSERT_EQ(run_program({"compare", config, "--out", out.string(), "--set", "compare.seeds=[0]"}).code, 0);
  const auto model = out / "long" / "seed0" / "model.ebm";
  const auto written = std::filesystem::last_write_time(model);
  const auto outcome = run_program({"compare", config, "--resume", out.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "3 of 6 trainings are done already");
  EXPECT_EQ(std::filesystem::last_write_time(model), written);
  expect_same_as_by_one(out);
}

// A folder holds one training; another energy under the same label is another training.
TEST(Comparison, WhatIsAnotherTrainingIsRefused) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto config = comparison_file(folder);
  ASSERT_EQ(run_program({"compare", config, "--out", out.string(), "--set", "compare.seeds=[0]"}).code, 0);
  const auto before = read_file(out / "long" / "seed0" / "manifest.json");
  expect_user_error(run_program({"compare", config, "--resume", out.string(), "--set", "energy.neurons=9"}),
                    "energy/neurons differs from the run's config.json");
  expect_user_error(run_program({"compare", config, "--resume", out.string(), "--force"}), "--force");
  expect_user_error(run_program({"compare", "--resume", (folder / "none").string()}), "not a comparison");
  EXPECT_EQ(read_file(out / "long" / "seed0" / "manifest.json"), before);
}

// Killed by the system for its memory, say: the others have their tables, and a resumption takes it up.
TEST(Comparison, AWorkerThatIsLostCostsNoOther) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const Program program({"compare", comparison_file(folder), "--out", out.string(), "--workers", "2"});
  const auto workers = wait_for_children(program, 2);
  ASSERT_EQ(workers.size(), 2u);
  ASSERT_TRUE(wait_for_file(out / "long" / "seed1" / "config.json"));
  ::kill(workers[0], SIGKILL);
  const auto outcome = program.wait();
  EXPECT_EQ(outcome.code, 1) << outcome.error;
  expect_contains(outcome.error, "its process was ended by signal 9");
  expect_contains(outcome.error, "incomplete: 5 of 6 trainings are in the tables");
  const auto rest = run_program({"compare", "--resume", out.string(), "--workers", "2"});
  ASSERT_EQ(rest.code, 0) << rest.error;
  expect_same_as_by_one(out);
}

TEST(Comparison, ARunHasItsReportAnew) {
  const auto run = reference().out() / "long" / "seed0";
  std::filesystem::remove(run / "report.html");
  const auto outcome = run_program({"report", run.string()});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_TRUE(std::filesystem::exists(run / "report.html"));
}

TEST(Comparison, ProgressIsOfTheWholeByItsWork) {
  std::FILE* const nowhere = std::fopen("/dev/null", "w");
  ComparisonProgress progress(nowhere, {10, 10, 60, 0}, {1, 2, 3});
  expect_contains(progress.line(), "1 of 4 done, 0 running, 3 left");
  progress.begun(2);
  progress.at(2, 0.5);
  expect_contains(progress.line(), "1 of 4 done, 1 running, 2 left, 0:00 to go");
  progress.ended(2, "that");
  expect_contains(progress.line(), "2 of 4 done, 0 running, 2 left");
  std::fclose(nowhere);
}

TEST(Comparison, WorkersSpeakInLines) {
  EXPECT_TRUE(worker_message_of("ended 12")->ended);
  const auto message = worker_message_of("progress 3 0.250000");
  ASSERT_TRUE(message.has_value());
  EXPECT_FALSE(message->ended);
  EXPECT_EQ(message->number, 3u);
  EXPECT_EQ(message->share, 0.25);
  for (const char* other : {"", "ended", "progress 3", "hello 3 0.5"})
    EXPECT_FALSE(worker_message_of(other).has_value()) << other;
}

}  // namespace
}  // namespace ebm::testing
