#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "tests/apps/small_searches.hpp"
#include "tests/apps/waiting.hpp"

namespace ebm::testing {
namespace {

using namespace std::chrono_literals;

struct Search {
  Search() {
    outcome = run_program({"tune", halving_file(folder), "--out", out().string(), "--workers", "1"});
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
  std::filesystem::path out() const { return folder / "out"; }
  TemporaryFolder folder;
  Outcome outcome;
};

const Search& undisturbed() {
  static const Search once;
  return once;
}

void expect_same_as_undisturbed(const std::filesystem::path& out) {
  const auto& one = undisturbed().out();
  EXPECT_EQ(outcomes_of(out), outcomes_of(one));
  EXPECT_EQ(trials_of(out)["best"], trials_of(one)["best"]);
  EXPECT_EQ(trials_of(out)["test"], trials_of(one)["test"]);
  EXPECT_EQ(read_file(out / "best.json"), read_file(one / "best.json"));
  const auto winner = trials_of(one)["best"]["label"].get<std::string>();
  EXPECT_EQ(model_of(out, winner), model_of(one, winner));
}

// The winner went on from checkpoint to checkpoint; its configuration, trained in one go, gives its bits.
TEST(Tune, BestJsonTrainsToTheBitsOfTheWinner) {
  const auto& search = undisturbed();
  const TemporaryFolder folder;
  const auto run = folder / "run";
  const auto best = (search.out() / "best.json").string();
  const auto outcome = run_program({"train", best, "--out", run.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto winner = trials_of(search.out())["best"];
  EXPECT_EQ(read_file(run / "model.ebm"), model_of(search.out(), winner["label"]));
  const auto last = read_records(run / "metrics.jsonl").back();
  EXPECT_EQ(*find_metric(last.metrics, "nll_validation"), winner["value"].get<double>());
  EXPECT_EQ(*find_metric(last.metrics, "nll_test"), trials_of(search.out())["test"]["value"].get<double>());
  EXPECT_EQ(*find_metric(last.metrics, "nll_test_standard_error") > 0, true);
}

TEST(Tune, HalvingTrainsEachRungToItsLengthAndTheBestOfItOn) {
  const auto outcomes = outcomes_of(undisturbed().out());
  std::map<int, std::vector<Json>> rungs;
  for (const auto& one : outcomes) rungs[one["rung"].get<int>()].push_back(one);
  ASSERT_EQ(rungs[1].size(), 9u);
  EXPECT_EQ(rungs[2].size(), 3u);
  EXPECT_EQ(rungs[3].size(), 1u);
  std::vector<std::pair<double, int>> first;
  for (const auto& one : rungs[1]) {
    if (one["value"].is_null()) continue;
    EXPECT_EQ(one["iteration"], 100);
    first.emplace_back(one["value"].get<double>(), one["trial"].get<int>());
  }
  std::sort(first.begin(), first.end());
  std::set<int> expected, found;
  for (int i = 0; i < 3; ++i) expected.insert(first[static_cast<std::size_t>(i)].second);
  for (const auto& one : rungs[2]) {
    found.insert(one["trial"].get<int>());
    EXPECT_EQ(one["iteration"], 300);
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(rungs[3][0]["iteration"], 900);
}

// Rows that say so, with no value; the table has all nine.
TEST(Tune, TrialsThatDivergeAreRowsAndNeverWin) {
  const auto& search = undisturbed();
  int diverged = 0;
  const auto trials = trials_of(search.out());
  for (const auto& one : trials["outcomes"]) {
    const auto& set = trials["trials"][one["trial"].get<std::size_t>() - 1]["set"];
    const bool wild = set["optimizer"]["name"] == "sgd";
    EXPECT_EQ(one["end"] == "diverged", wild);
    EXPECT_EQ(one["value"].is_null(), wild);
    diverged += wild;
  }
  EXPECT_GT(diverged, 0);
  for (std::size_t trial = 1; trial <= 9; ++trial)
    expect_contains(search.outcome.out, fmt::format("\n{}", label_of(trial)));
  expect_contains(search.outcome.out, "diverged: ");
  expect_contains(search.outcome.out, "left on rung 1 of 3");
  expect_contains(search.outcome.out, "on the test points ");
  EXPECT_TRUE(std::filesystem::exists(search.out() / "report.html"));
}

TEST(Tune, WorkersGiveTheSameAsOneProcess) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const auto outcome = run_program({"tune", halving_file(folder), "--out", out.string(), "--workers", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_contains(outcome.error, "9 of 9 done, 0 running, 0 left");
  expect_contains(outcome.error, "rung 3 of 3: 1 trials");
  expect_same_as_undisturbed(out);
}

// Killed over and over with its workers at moments that wander through it, it decides as one that never was.
TEST(Tune, KilledAndTakenUpItEndsInTheSameTrials) {
  const TemporaryFolder folder;
  const auto config = halving_file(folder);
  const auto out = (folder / "out").string();
  for (int kill = 0; kill < 4; ++kill) {
    const Program program(kill > 0
                              ? std::vector<std::string>{"tune", "--resume", out, "--workers", "2"}
                              : std::vector<std::string>{"tune", config, "--out", out, "--workers", "2"});
    ASSERT_TRUE(wait_for_file(folder / "out" / "plan.json"));
    std::this_thread::sleep_for(400ms + kill * 230ms);
    const auto workers = children_of(program.process());
    program.send(SIGKILL);
    program.wait();
    for (const auto worker : workers) {
      for (int i = 0; i < 400 && ::kill(worker, 0) == 0; ++i) std::this_thread::sleep_for(25ms);
    }
  }
  const auto outcome = run_program({"tune", "--resume", out, "--workers", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  expect_same_as_undisturbed(out);
  // What is over is over: nothing is trained again.
  const auto again = run_program({"tune", "--resume", out});
  ASSERT_EQ(again.code, 0) << again.error;
  expect_same_as_undisturbed(out);
}

TEST(Tune, InterruptedItShowsWhatIsKnownAndGoesOn) {
  const TemporaryFolder folder;
  const auto out = folder / "out";
  const Program program({"tune", halving_file(folder), "--out", out.string(), "--workers", "1"});
  ASSERT_TRUE(wait_for_file(out / "trial003" / "seed0" / "model.ebm"));
  program.send(SIGINT);
  const auto outcome = program.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.error;
  expect_contains(outcome.error, "dualebm tune --resume");
  expect_contains(outcome.out, "trial001");
  EXPECT_FALSE(std::filesystem::exists(out / "best.json"));
  const auto report = run_program({"report", out.string()});
  EXPECT_EQ(report.code, 0) << report.error;
  expect_contains(report.out, "of 9 trials have ended so far");
  const auto rest = run_program({"tune", "--resume", out.string(), "--workers", "1"});
  ASSERT_EQ(rest.code, 0) << rest.error;
  expect_same_as_undisturbed(out);
}

}  // namespace
}  // namespace ebm::testing
