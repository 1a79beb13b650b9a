#include <ATen/ATen.h>
#include <dualebm/framework/evaluation/evaluation.hpp>
#include <dualebm/framework/evaluation/metric.hpp>

/// How far apart the energies of the test points lie.
struct Spread final : ebm::Metric {
  struct Options {
    void describe(ebm::Fields&) {}
  };
  explicit Spread(const Options&) {}
  ebm::MetricDescription description() const override {
    return {.name = "spread",
            .label = "spread of E",
            .unit = "nats",
            .better = "",
            .logarithmic = false,
            .meaning = "standard deviation of E over the test points"};
  }
  std::optional<double> value(const ebm::Evaluation& at) const override {
    const auto& test = at.problem().data().test;
    if (!test.defined()) return std::nullopt;
    return ebm::energy_at(at.energy(), test).std().item<double>();
  }
};
