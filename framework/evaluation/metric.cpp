#include "dualebm/framework/evaluation/metric.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

const std::vector<MetricDescription>& metrics() {
  static const std::vector<MetricDescription> list = {
      {"kl", "KL(teacher ‖ student)", "nats", "lower", true,
       "log Z_s - log Z_t + E_t[E_s - E_t]: by quadrature on S² and R², over the test set elsewhere"},
      {"kl_standard_error", "standard error of KL", "nats", "", true,
       "of the test-set estimate (delta method); absent where KL is by quadrature"},
      {"score_error", "score error", "nats² per squared length", "lower", true,
       "Fisher divergence E_t |∇E_t - ∇E_s|² of tangential gradients"},
      {"tv", "total variation, norm", "nats", "", false,
       "norm of the energy that its ball bounds: total variation (1/m) Σ w_j (F1), ((1/m) Σ a_j²)^½ (F2)"},
      {"log_z", "log Z", "nats, base measure τ", "", false,
       "log ∫ exp(-E) dτ; τ is the uniform probability on a sphere, Lebesgue measure on R^d"},
      {"nll_test", "test NLL", "nats, per area", "lower", false,
       "E_test[E] + log Z + log area: negative log-likelihood of held-out points with respect to area on a "
       "sphere, volume on R^d"},
      {"nll_validation", "validation NLL", "nats, per area", "lower", false,
       "the same on the validation points; what early stopping watches"},
      {"nll_train", "training NLL", "nats, per area", "lower", false, "the same on the training points"},
      {"energy_test", "mean test energy", "nats, without log Z", "", false,
       "E_test[E] where log Z is out of reach; above energy_train by what does not generalise"},
      {"energy_validation", "mean validation energy", "nats, without log Z", "", false,
       "the same on the validation points"},
      {"energy_train", "mean training energy", "nats, without log Z", "", false,
       "the same on the training points"},
      {"quadrature_error", "quadrature error", "nats", "", true,
       "estimate for log Z and KL: the larger of their differences to a rougher rule (on R² also a wider "
       "one, "
       "which sees what is outside the square)"},
  };
  return list;
}

const MetricDescription& metric(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& entry : metrics()) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  const auto near = nearest_name(name, names);
  fail("unknown metric \"{}\"{}; known: {}", name, near ? fmt::format(" (did you mean \"{}\"?)", *near) : "",
       fmt::format("{}", fmt::join(names, ", ")));
}

const double* find_metric(const MetricValues& values, const std::string& name) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == name; });
  return found == values.end() ? nullptr : &found->second;
}

}  // namespace ebm
