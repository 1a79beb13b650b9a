#pragma once

#include <gtest/gtest.h>

#include <limits>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {

/// E(x) = <a, x>.
class LinearEnergy final : public Energy {
 public:
  explicit LinearEnergy(const std::vector<double>& a) {
    a_ = register_buffer("a", torch::tensor(a, torch::kDouble));
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x.matmul(a_); }

 private:
  torch::Tensor a_;
};

inline double value_of(const MetricValues& values, const std::string& name) {
  const double* value = find_metric(values, name);
  if (!value) ADD_FAILURE() << "no metric " << name;
  return value ? *value : std::numeric_limits<double>::quiet_NaN();
}

/// A von Mises-Fisher density with unit mean direction μ and concentration κ.
struct Vmf {
  std::vector<double> mean;
  double concentration;

  std::int64_t dimension() const { return static_cast<std::int64_t>(mean.size()); }
  std::shared_ptr<Energy> energy() const {
    Random unused(0, "unused");
    return std::make_shared<VonMisesFisherMixture>(
        on_sphere(dimension(), torch::kDouble, unused),
        VonMisesFisherMixture::Options{.concentration = concentration, .means = {mean}});
  }
};

inline const Vmf teacher3{{0.6, 0.0, 0.8}, 5}, student3{{0.0, 1.0, 0.0}, 2};

/// The metrics of this library on these data.
inline Evaluator evaluator_on(std::shared_ptr<const Domain> domain, Dataset data) {
  return Evaluator(std::make_shared<Problem>(std::move(domain), std::move(data)));
}

inline Evaluator on_sphere3(std::shared_ptr<Energy> teacher) {
  return evaluator_on(std::make_shared<Sphere>(3),
                      {.train = torch::eye(3, torch::kDouble), .teacher = std::move(teacher)});
}

}  // namespace ebm::testing
