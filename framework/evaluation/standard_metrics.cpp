#include "dualebm/framework/evaluation/standard_metrics.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"

#include <functional>

namespace ebm {
namespace {

using Value = std::optional<double>;

/// A metric from a description and a formula.
class FormulaMetric final : public Metric {
 public:
  using Formula = std::function<Value(const Evaluation&)>;
  FormulaMetric(MetricDescription description, Formula formula)
      : description_(std::move(description)), formula_(std::move(formula)) {}
  MetricDescription description() const override { return description_; }
  Value value(const Evaluation& at) const override { return formula_(at); }

 private:
  MetricDescription description_;
  Formula formula_;
};

Value value_of(const std::optional<Estimate>& estimate) {
  return estimate ? Value(estimate->value) : std::nullopt;
}

Value error_of(const std::optional<Estimate>& estimate) {
  return estimate ? estimate->standard_error : std::nullopt;
}

enum class DataPart { test, validation, train };

/// Of a part; the training points of a known teacher are not worth the time.
torch::Tensor points_of(const Evaluation& at, DataPart which) {
  const auto& data = at.problem().data();
  if (which == DataPart::test) return data.test;
  if (which == DataPart::validation) return data.validation;
  return data.teacher ? torch::Tensor() : data.train;
}

FormulaMetric::Formula likelihood(DataPart which) {
  return [which](const Evaluation& at) { return value_of(at.negative_log_likelihood(points_of(at, which))); };
}

FormulaMetric::Formula likelihood_error(DataPart which) {
  return [which](const Evaluation& at) { return error_of(at.negative_log_likelihood(points_of(at, which))); };
}

/// What stands in for the likelihood where log Z is out of reach: differences of mean energies need none.
FormulaMetric::Formula energy(DataPart which) {
  return [which](const Evaluation& at) {
    return at.log_z() ? std::nullopt : value_of(at.mean_energy(points_of(at, which)));
  };
}

/// A number of the duality gap. @param proven  whether it belongs to a certificate or to an estimate
FormulaMetric::Formula gap(bool proven, Value (*number)(const DualityGap&)) {
  return [proven, number](const Evaluation& at) {
    const auto& gap = at.duality_gap();
    return gap && gap->proven == proven ? number(*gap) : std::nullopt;
  };
}

const std::vector<std::pair<MetricDescription, FormulaMetric::Formula>>& table() {
  static const std::vector<std::pair<MetricDescription, FormulaMetric::Formula>> list = {
      {{"kl", "KL(teacher ‖ student)", "nats", "lower", true,
        "log Z_s - log Z_t + E_t[E_s - E_t]: by quadrature on S² and R², over the test set elsewhere"},
       [](const Evaluation& at) { return value_of(at.divergence()); }},
      {{"kl_standard_error", "standard error of KL", "nats", "", true,
        "of the test-set estimate (delta method); absent where KL is by quadrature"},
       [](const Evaluation& at) { return error_of(at.divergence()); }},
      {{"score_error", "score error", "nats² per squared length", "lower", true,
        "Fisher divergence E_t |∇E_t - ∇E_s|² of tangential gradients"},
       [](const Evaluation& at) { return at.score_error(); }},
      {{"duality_gap", "duality gap", "nats", "lower", true,
        "E_train[E] - E_p[E] + support function of the ball: no energy of the ball has a training "
        "likelihood better by more; by quadrature, never too low"},
       gap(true, [](const DualityGap& found) { return Value(found.value); })},
      {{"duality_gap_error", "slack of the duality gap", "nats", "", true,
        "by how much the duality gap may be too high: where the search over neurons ended"},
       gap(true, [](const DualityGap& found) { return Value(found.error); })},
      {{"duality_gap_estimate", "duality gap, estimate", "nats", "lower", false,
        "the same where there is no quadrature: over the test set, weighted, with a neuron found by a local "
        "search"},
       gap(false, [](const DualityGap& found) { return Value(found.value); })},
      {{"duality_gap_standard_error", "standard error of the duality gap", "nats", "", true,
        "of duality_gap_estimate, on points that the neuron was not searched with"},
       gap(false, [](const DualityGap& found) { return found.standard_error; })},
      {{"sign_restriction", "price of one sign", "nats", "", false,
        "by how much the duality gap would be larger if weights of both signs were allowed"},
       [](const Evaluation& at) {
         const auto& found = at.duality_gap();
         return found && found->sign != 0 ? Value(found->restriction) : std::nullopt;
       }},
      {{"tv", "total variation, norm", "nats", "", false,
        "norm of the energy that its ball bounds: total variation (1/m) Σ w_j (F1), ((1/m) Σ a_j²)^½ (F2)"},
       [](const Evaluation& at) {
         const auto* shallow = as_neuron_energy(at.energy());
         return shallow ? Value(shallow->norm()) : std::nullopt;
       }},
      {{"log_z", "log Z", "nats, base measure τ", "", false,
        "log ∫ exp(-E) dτ; τ is the uniform probability on a sphere, Lebesgue measure on R^d"},
       [](const Evaluation& at) { return at.log_z(); }},
      {{"nll_test", "test NLL", "nats, per area", "lower", false,
        "E_test[E] + log Z + log area: negative log-likelihood of held-out points with respect to area on a "
        "sphere, volume on R^d"},
       likelihood(DataPart::test)},
      {{"nll_test_standard_error", "standard error of the test NLL", "nats", "", true,
        "of the mean over the test points; the error of log Z is quadrature_error"},
       likelihood_error(DataPart::test)},
      {{"nll_validation", "validation NLL", "nats, per area", "lower", false,
        "the same on the validation points; what early stopping watches"},
       likelihood(DataPart::validation)},
      {{"nll_validation_standard_error", "standard error of the validation NLL", "nats", "", true,
        "of the mean over the validation points"},
       likelihood_error(DataPart::validation)},
      {{"nll_train", "training NLL", "nats, per area", "lower", false, "the same on the training points"},
       likelihood(DataPart::train)},
      {{"energy_test", "mean test energy", "nats, without log Z", "", false,
        "E_test[E] where log Z is out of reach; above energy_train by what does not generalise"},
       energy(DataPart::test)},
      {{"energy_validation", "mean validation energy", "nats, without log Z", "", false,
        "the same on the validation points"},
       energy(DataPart::validation)},
      {{"energy_train", "mean training energy", "nats, without log Z", "", false,
        "the same on the training points"},
       energy(DataPart::train)},
      {{"quadrature_error", "quadrature error", "nats", "", true,
        "estimate for log Z and KL: the larger of their differences to a rougher rule, or by refined cells "
        "where the fixed rule will not do"},
       [](const Evaluation& at) { return at.quadrature_error(); }},
      {{"quadrature_valid", "quadrature is good enough", "1 or 0", "", false,
        "whether log Z is known to 0.1 nats; where it is not, numbers that need it are left out"},
       [](const Evaluation& at) -> Value {
         const auto valid = at.quadrature_valid();
         return valid ? Value(*valid ? 1.0 : 0.0) : std::nullopt;
       }},
  };
  return list;
}

struct NoOptions {
  void describe(Fields&) {}
};

}  // namespace

std::vector<std::shared_ptr<const Metric>> standard_metrics() {
  std::vector<std::shared_ptr<const Metric>> result;
  for (const auto& [description, formula] : table()) {
    result.push_back(std::make_shared<FormulaMetric>(description, formula));
  }
  return result;
}

void add_standard_metrics(Registry<Metric, MetricContext>& metrics) {
  for (const auto& entry : table()) {
    metrics.add<NoOptions>(entry.first.name, entry.first.meaning,
                           [&entry](const MetricContext&, const NoOptions&) {
                             return std::make_shared<FormulaMetric>(entry.first, entry.second);
                           });
  }
}

}  // namespace ebm
