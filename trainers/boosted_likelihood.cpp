#include "dualebm/trainers/boosted_likelihood.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/problem/parameters.hpp"

namespace ebm {
namespace {

torch::Tensor plain(const torch::Tensor& tensor) { return tensor.detach().to(torch::kCPU, torch::kDouble); }

const NeuronEnergy& moving_neurons(const Energy& energy) {
  const auto* neurons = as_neuron_energy(energy);
  require(
      neurons != nullptr && neurons->neurons().signs.defined() && neurons->norm_cap() &&
          neurons->neurons().positions.requires_grad() && neurons->neurons().weights.requires_grad(),
      "trainer: boosted_likelihood adds neurons one by one, and this energy has none that move in a ball; "
      "take the energy shallow, or exact_likelihood");
  return *neurons;
}

/// Gradients as they were, whatever happens to them meanwhile.
class KeptGradients final {
 public:
  explicit KeptGradients(const Energy& energy) : parameters_(distinct_parameters(energy)) {
    for (auto& parameter : parameters_) {
      kept_.push_back(parameter.grad());
      parameter.mutable_grad() = torch::Tensor();
    }
  }
  ~KeptGradients() {
    for (std::size_t i = 0; i < kept_.size(); ++i) parameters_[i].mutable_grad() = kept_[i];
  }
  KeptGradients(const KeptGradients&) = delete;
  KeptGradients& operator=(const KeptGradients&) = delete;

 private:
  std::vector<torch::Tensor> parameters_, kept_;
};

}  // namespace

void BoostedLikelihood::Options::describe(Fields& fields) {
  fields.number("gap", gap, Range::positive(), "duality gap at which no neuron is added, in nats");
  fields.integer("slides", slides, Range::at_least(0),
                 "steps of the directions down the likelihood after each neuron; 0: they stay as found");
  rule.describe(fields);
}

BoostedLikelihood::BoostedLikelihood(TrainerContext context, const Options& options)
    : Trainer(std::move(context)),
      options_(checked(options, "boosted_likelihood")),
      rule_(*this, options_.rule, "boosted_likelihood"),
      neurons_(&moving_neurons(energy())),
      radius_(*neurons_->norm_cap()),
      signs_(plain(neurons_->neurons().signs)) {
  require(!problem().data().mapped,
          "trainer: boosted_likelihood takes all points at every iteration; these are mapped");
  data_ = plain(data());
}

torch::Tensor BoostedLikelihood::masses() const {
  const auto w = plain(neurons_->neurons().weights);
  const auto masses = w / static_cast<double>(w.size(0));
  // What an optimizer leaves in place of zero.
  return torch::where(masses > 1e-12 * radius_, masses, torch::zeros_like(masses));
}

void BoostedLikelihood::set_masses(const torch::Tensor& masses) {
  const torch::NoGradGuard no_grad;
  neurons_->neurons().weights.copy_(masses * static_cast<double>(masses.size(0)));
}

torch::Tensor BoostedLikelihood::mean_features() const {
  constexpr std::int64_t slice = 4096;
  auto sum = torch::zeros_like(signs_);
  for (std::int64_t begin = 0; begin < data_.size(0); begin += slice) {
    const auto rows = data_.narrow(0, begin, std::min(slice, data_.size(0) - begin));
    sum += plain(neurons_->features(rows)).sum(0);
  }
  return signs_ * sum / static_cast<double>(data_.size(0));
}

CorrectiveProblem BoostedLikelihood::problem_now() {
  const torch::NoGradGuard no_grad;
  cost_.energies += data_.size(0) + nodes_.size(0);
  return {.on_data = mean_features(),
          .on_nodes = plain(neurons_->features(nodes_)) * signs_,
          .weights = plain(rule_.rule().weights),
          .radius = radius_};
}

void BoostedLikelihood::find_gap(const CorrectiveProblem& now) {
  const auto w = masses(), at_nodes = now.on_nodes.mv(w);
  const auto probabilities = (now.weights.log() - at_nodes).softmax(0);
  // Only the mean over the data counts.
  const auto at_data = torch::full({data_.size(0)}, now.on_data.dot(w).item<double>(), torch::kDouble);
  gap_ = duality_gap(*neurons_, data_, at_data, {nodes_, probabilities, at_nodes});
  cost_.parameter_gradients += data_.size(0) + nodes_.size(0);
}

std::int64_t BoostedLikelihood::place_neuron() {
  const auto w = masses();
  std::int64_t place = -1;
  for (std::int64_t j = 0; j < w.size(0); ++j) {
    if (signs_[j].item<double>() != gap_->sign) continue;
    if (place < 0 || w[j].item<double>() < w[place].item<double>()) place = j;
  }
  if (place < 0 || !gap_->neuron.defined()) return -1;
  const torch::NoGradGuard no_grad;
  neurons_->neurons().positions[place].copy_(gap_->neuron);
  neurons_->neurons().weights[place].zero_();
  return place;
}

double BoostedLikelihood::correct(CorrectiveProblem all, std::int64_t placed) {
  auto w = masses();
  auto used = w > 0;
  if (placed >= 0) used[placed] = true;
  const auto which = used.nonzero().squeeze(1);
  all.on_data = all.on_data.index_select(0, which);
  all.on_nodes = all.on_nodes.index_select(1, which);
  const auto optimum = minimise(all, w.index_select(0, which), 1e-3 * options_.gap);
  cost_.energies += optimum.evaluations * nodes_.size(0);
  w.index_copy_(0, which, optimum.weights);
  set_masses(w);
  return optimum.value;
}

torch::Tensor BoostedLikelihood::slope_of_positions(const CorrectiveProblem& now) {
  const KeptGradients kept(energy());
  const auto w = masses();
  const auto p = (now.weights.log() - now.on_nodes.mv(w)).softmax(0);
  const auto rows = static_cast<double>(data().size(0));
  energy().accumulate_gradient(data().to(tensor_options()),
                               torch::full({data().size(0)}, 1 / rows, tensor_options()));
  energy().accumulate_gradient(rule_.nodes(), -p.to(tensor_options()));
  cost_.parameter_gradients += data_.size(0) + nodes_.size(0);
  const auto z = neurons_->neurons().positions;
  return z.grad().defined() ? plain(z.grad()) : torch::zeros_like(plain(z));
}

CorrectiveProblem BoostedLikelihood::slide(CorrectiveProblem now, double value) {
  const torch::NoGradGuard no_grad;
  auto positions = neurons_->neurons().positions;
  const auto w = masses();
  const auto inverse = torch::where(w > 0, 1 / w, torch::zeros_like(w)).unsqueeze(1);
  double step = 0.5;
  for (std::int64_t slide = 0; slide < options_.slides; ++slide) {
    const auto z = plain(positions).clone();
    auto velocity = slope_of_positions(now) * inverse;
    velocity = velocity - (velocity * z).sum(1, true) * z;
    const double promised = (velocity.square().sum(1) * w).sum().item<double>();
    bool moved = false;
    while (!moved && step * promised > 1e-4 * options_.gap) {
      const auto there = z - step * velocity;
      positions.copy_(there / there.norm(2, 1, true));
      auto next = problem_now();
      const double lower = next.value(next.on_nodes.mv(w), next.on_data.dot(w).item<double>());
      moved = lower <= value - step * promised / 3;
      step *= moved ? 2 : 0.5;
      if (!moved) continue;
      now = std::move(next);
      value = lower;
    }
    if (moved) continue;
    positions.copy_(z);
    break;
  }
  return now;
}

Cost BoostedLikelihood::accumulate(const torch::Tensor&, const Iteration& iteration) {
  const auto number = iteration.number_as_promised();
  const EvaluationMode mode(energy());
  if (number == 1) set_masses(torch::zeros_like(signs_));
  cost_ = rule_.looks_at(number) ? rule_.look() : Cost{};
  nodes_ = plain(rule_.rule().points);
  const auto before = problem_now();
  find_gap(before);
  if (gap_->value <= options_.gap) return cost_;
  const auto w = masses();
  const double value = before.value(before.on_nodes.mv(w), before.on_data.dot(w).item<double>());
  const auto [z, weights, signs] = neurons_->neurons();
  const auto old_positions = z.detach().clone(), old_weights = weights.detach().clone();
  const auto placed = place_neuron();
  auto now = problem_now();
  double lower = correct(now, placed);
  if (options_.slides > 0) {
    now = slide(std::move(now), lower);
    lower = correct(std::move(now), -1);
  }
  if (lower < value) return cost_;
  const torch::NoGradGuard no_grad;
  neurons_->neurons().positions.copy_(old_positions);
  neurons_->neurons().weights.copy_(old_weights);
  return cost_;
}

}  // namespace ebm
