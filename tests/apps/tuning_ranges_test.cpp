#include <nlohmann/json.hpp>

#include "tests/apps/planned_tuning.hpp"

namespace ebm::testing {
namespace {

struct Refusal {
  std::string name;
  Json ranges;
  std::string part;
  Json tune = Json::object();
};

class RefusedRanges : public ::testing::TestWithParam<Refusal> {};

// One line that says which range, what was found and what is allowed, before anything is trained.
TEST_P(RefusedRanges, EachWithItsLine) {
  try {
    planned(with_ranges(GetParam().ranges, GetParam().tune));
    FAIL() << "not refused";
  } catch (const UserError& error) {
    expect_contains(error.what(), GetParam().part);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedRanges,
    ::testing::Values(
        Refusal{"None", Json::object(), "tune.ranges: nothing to search"},
        Refusal{"NoObject", Json::array({1}), "tune.ranges: expected an object of path: range, found [1]"},
        Refusal{
            "NoRange", {{"energy.neurons", 4}}, "tune.ranges.energy.neurons: expected an object, found 4"},
        Refusal{"UnknownKey",
                {{"energy.neuron", {{"from", 4}, {"to", 8}}}},
                "energy.neuron: unknown key (did you mean \"neurons\"?)"},
        Refusal{"UnknownKeyBesideAGoodOne",
                {{"trainer.particle_step", step_range}, {"energy.neuron", {{"from", 4}, {"to", 8}}}},
                "tune.ranges, energy.neuron=4"},
        Refusal{"SectionWithoutAName",
                {{"trainer.particle_step", step_range}, {"optimizer.neuron_step", step_range}},
                "tune.ranges, optimizer.neuron_step=0.001: optimizer.name: missing"},
        Refusal{"UnknownSection",
                {{"enrgy.neurons", {{"values", {4}}}}},
                "enrgy: unknown key (did you mean \"energy\"?)"},
        Refusal{"UnknownKeyOfARange",
                {{"energy.neurons", {{"from", 4}, {"too", 8}}}},
                "tune.ranges.energy.neurons.too: unknown key (did you mean \"to\"?)"},
        Refusal{"Reversed",
                {{"trainer.particle_step", {{"from", 0.1}, {"to", 0.001}}}},
                "tune.ranges.trainer.particle_step: from 0.1 is not below to 0.001"},
        Refusal{"Empty",
                {{"trainer.particle_step", {{"from", 0.1}, {"to", 0.1}}}},
                "tune.ranges.trainer.particle_step: from 0.1 is not below to 0.1"},
        Refusal{"OneEnd",
                {{"trainer.particle_step", {{"from", 0.1}}}},
                "expected \"from\" and \"to\", or \"values\""},
        Refusal{"NoValues",
                {{"energy.neurons", {{"values", Json::array()}}}},
                "expected an array of at least one value"},
        Refusal{"ValuesAndEnds",
                {{"energy.neurons", {{"values", {4}}, {"to", 8}}}},
                "values stand for themselves; leave out from, to and scale"},
        Refusal{"LogarithmOfZero",
                {{"trainer.particle_step", {{"from", 0}, {"to", 0.1}, {"scale", "log"}}}},
                "tune.ranges.trainer.particle_step.from: on a log scale expected a number > 0, found 0"},
        Refusal{"UnknownScale",
                {{"trainer.particle_step", {{"from", 0.1}, {"to", 1}, {"scale", "logarithm"}}}},
                "tune.ranges.trainer.particle_step.scale: expected one of linear, log"},
        Refusal{"BelowTheOption",
                {{"trainer.particle_step", {{"from", -1}, {"to", 0.1}}}},
                "tune.ranges, trainer.particle_step=-1.0: trainer.particle_step: expected a number > 0"},
        Refusal{"AboveTheOption",
                {{"loop.average_decay", {{"from", 0.5}, {"to", 1.5}}}},
                "tune.ranges, loop.average_decay=1.5: loop.average_decay: expected a number in [0, 1)"},
        Refusal{"NoInteger",
                {{"energy.neurons", {{"from", 0.5}, {"to", 8}}}},
                "energy.neurons: expected an integer"},
        Refusal{"ValueOfAnotherKind",
                {{"energy.neurons", {{"values", {4, "many"}}}}},
                "tune.ranges, energy.neurons=\"many\": energy.neurons: expected an integer"},
        Refusal{"AnotherDtype",
                {{"dtype", {{"values", {"float32", "float64"}}}}},
                "tune.ranges.dtype: trials that differ in dtype are not compared by one validation part"},
        Refusal{"NumbersForAChoice",
                {{"optimizer.name", {{"from", 0}, {"to", 1}}}},
                "tune.ranges, optimizer.name=0.0: optimizer.name: expected a string"},
        Refusal{"NumbersForTrueOrFalse",
                {{"trainer.weights", {{"from", 0}, {"to", 1}}}},
                "trainer.weights: expected true or false"},
        Refusal{"OtherData",
                {{"dataset.train", {{"from", 10}, {"to", 100}}}},
                "trials that differ in dataset are not compared by one validation part"},
        Refusal{"Seeds", {{"seed", {{"values", {0, 1}}}}}, "trials that differ in seed"},
        Refusal{"Time",
                {{"loop.seconds", {{"from", 1}, {"to", 2}}}},
                "a budget of time makes the choice hang on the machine"},
        Refusal{"OneKeyTwice",
                {{"energy", {{"values", {{{"name", "shallow"}}}}}}, {"energy.neurons", {{"values", {4, 8}}}}},
                "tune.ranges: energy and energy.neurons set the same key"},
        Refusal{"LengthsUnderHalving",
                {{"loop.iterations", {{"from", 10}, {"to", 100}}}},
                "halving chooses the length of the runs itself",
                {{"search", "halving"}}},
        Refusal{"MoreTrialsThanCombinations",
                {{"energy.neurons", {{"from", 4}, {"to", 7}}}},
                "tune.trials: 20 trials, and the ranges have 4 combinations"},
        Refusal{"TestMetric",
                {{"trainer.particle_step", step_range}},
                "tune.metric: nll_test is no metric of the validation points",
                {{"metric", "nll_test"}}},
        Refusal{"UnknownMetric",
                {{"trainer.particle_step", step_range}},
                "did you mean \"nll_validation\"?",
                {{"metric", "nll_valdation"}}},
        Refusal{"MoreRungsThanTrialsFor",
                {{"trainer.particle_step", step_range}},
                "tune.rungs: 4 rungs leave none of 20 trials for the last one; at most 3",
                {{"search", "halving"}, {"rungs", 4}}},
        Refusal{"RunsTooShortForRungs",
                {{"trainer.particle_step", step_range}},
                "loop.iterations: 40 are too few for a first rung of 1/729 of them",
                {{"search", "halving"}, {"trials", 729}}}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ebm::testing
