#include "dualebm/framework/experiment/memory_needs.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catalogue.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Experiment experiment_with(const std::string& section, const Json& options) {
  Json configuration = {{"dataset", {{"name", "teacher_student"}, {"teacher", {{"name", "teacher"}}}}}};
  for (const auto& [key, value] : options.items()) configuration[section][key] = value;
  return read_experiment(configuration, catalogue());
}

double bytes_of(const Experiment& experiment, const std::string& key, std::int64_t points = 0) {
  for (const auto& need : memory_needs(experiment, points)) {
    if (need.key == key) return need.bytes;
  }
  return -1;
}

TEST(MemoryNeeds, CountWhatTheNumbersSay) {
  // Positions, gradients, noise, and the positions of two good states: five times three coordinates.
  const double each = 5 * 3 * 4;
  const auto with_weights = experiment_with("dataset", {{"train", 100'000}});
  EXPECT_EQ(bytes_of(with_weights, "dataset.train"), 100'000 * 3 * 12);
  EXPECT_EQ(bytes_of(with_weights, "trainer.particles"), 1250 * each) << "few, however many data there are";
  EXPECT_EQ(bytes_of(with_weights, "trainer.particles_per_point"), -1);
  const auto plain = experiment_with("trainer", {{"name", "dual_gda"}, {"particle_step", 0.02}});
  EXPECT_EQ(bytes_of(plain, "trainer.particles_per_point", 5000), 2 * 5000 * each)
      << "the rows that there are";
  const auto many = experiment_with("trainer", {{"name", "dual_gda"}, {"particles", 500}});
  EXPECT_EQ(bytes_of(many, "trainer.particles"), (500 + 250) * each) << "with those that are held out";
  EXPECT_EQ(bytes_of(many, "trainer.particles_per_point"), -1);
}

TEST(MemoryNeeds, WhatCannotBeHadIsRefusedByItsKey) {
  const std::tuple<const char*, Json, const char*> cases[] = {
      {"dataset", {{"train", 100'000'000'000}}, "lower dataset.train"},
      {"trainer", {{"name", "dual_gda"}, {"particles", 100'000'000'000}}, "lower trainer.particles"},
      {"dataset", {{"test", 100'000'000'000}}, "dataset.test: 1e+11 points of 3 numbers"},
      {"energy", {{"name", "shallow"}, {"neurons", 1'000'000'000'000}}, "lower energy.neurons"},
      {"energy",
       {{"name", "sum"}, {"parts", {{"local", {{"name", "shallow"}, {"neurons", 1'000'000'000'000}}}}}},
       "lower energy.parts.local.neurons"},
      {"energy",
       {{"name", "mlp"}, {"fourier_features", 1'000'000'000'000}},
       "lower energy.hidden, energy.fourier_features"}};
  for (const auto& [section, options, part] : cases) {
    const auto message = user_error([&] { require_memory(experiment_with(section, options)); });
    expect_contains(message, part);
    expect_contains(message, "GB");
  }
  EXPECT_NO_THROW(require_memory(experiment_with("dataset", {{"train", 1000}})));
  EXPECT_GT(available_memory(), 1e8);
}

}  // namespace
}  // namespace ebm::testing
