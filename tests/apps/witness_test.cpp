#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/fields.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

/// Points of a teacher on S², and an energy that has learnt for so many iterations.
Json configuration(int iterations) {
  return {{"dataset",
           {{"name", "teacher_student"},
            {"train", 400},
            {"validation", 300},
            {"test", 100},
            {"teacher", {{"name", "teacher"}, {"neurons", {{0, 0, 1}}}}}}},
          {"energy", {{"name", "shallow"}, {"neurons", 16}}},
          {"trainer", {{"name", "exact_likelihood"}}},
          {"optimizer", {{"name", "adam"}, {"learning_rate", 0.05}}},
          {"loop", {{"iterations", iterations}}},
          {"metrics", {{"every", 5}, {"resolution", 24}}}};
}

class WitnessOfARun : public ::testing::Test {
 protected:
  Outcome train(const Json& with, const std::string& name) {
    const auto path = folder_.write(name + ".json", with.dump());
    return run_program({"train", path.string(), "--out", run(name)});
  }
  std::string run(const std::string& name) const { return (folder_ / (name + ".run")).string(); }
  TemporaryFolder folder_;
};

// A fresh energy is nearly uniform: the data lie about the pole of the teacher, and
// held-out points say so too.
TEST_F(WitnessOfARun, IsFoundWhereAFreshEnergyLacksTheData) {
  ASSERT_EQ(train(configuration(0), "fresh").code, 0);
  const auto witness = Json::parse(run_program({"evaluate", run("fresh"), "--json"}).out)["witness"];
  EXPECT_EQ(witness["held_out"]["points"], 300);
  EXPECT_EQ(witness["held_out"]["p_value"].get<double>(), 1.0 / 2000);
  EXPECT_GT(witness["held_out"]["gain"].get<double>(), 0.05);
  EXPECT_EQ(witness["place"].size(), 3);
  const auto said = run_program({"evaluate", run("fresh")});
  expect_contains(said.out, "witness: at ");
  expect_contains(said.out, "the model errs there");
  expect_contains(read_file(std::filesystem::path(run("fresh")) / "report.html"), "\"witness\":{\"centre\":");
}

TEST_F(WitnessOfARun, TheRunEndsAtTheGapThatWasAskedFor) {
  auto asked = configuration(2000);
  asked["loop"]["stop_at_gap"] = 0.3;
  const auto outcome = train(asked, "gap");
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto manifest = Json::parse(read_file(std::filesystem::path(run("gap")) / "manifest.json"));
  expect_contains(manifest["status"].get<std::string>(), "duality_gap has come to 0.3");
  double before = 0, last = 0;
  std::istringstream lines(read_file(std::filesystem::path(run("gap")) / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    before = last;
    last = Json::parse(line)["duality_gap"].get<double>();
  }
  EXPECT_LE(last, 0.3);
  EXPECT_GT(before, 0.3);
}

TEST_F(WitnessOfARun, AnEnergyWithoutABallHasNoGapToStopAt) {
  auto asked = configuration(10);
  asked["energy"] = {{"name", "mlp"}, {"hidden", {8}}};
  asked["loop"]["stop_at_gap"] = 0.3;
  expect_user_error(train(asked, "mlp"), "loop.stop_at_gap: the energy mlp is not the ball");
  EXPECT_FALSE(std::filesystem::exists(run("mlp")));
}

}  // namespace
}  // namespace ebm::testing
