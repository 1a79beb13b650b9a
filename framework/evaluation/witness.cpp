#include "dualebm/framework/evaluation/witness.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dualebm/framework/compute/parallel.hpp"

namespace ebm {
namespace {

constexpr int widths = 6;
constexpr std::int64_t most_points = 10000;  // of the data
constexpr double fewest_nodes = 30, fewest_points = 5;

torch::Tensor numbers(const torch::Tensor& points) { return points.to(torch::kCPU, torch::kDouble); }

torch::Tensor some_rows(const torch::Tensor& points, std::int64_t most, Random& random) {
  if (points.size(0) <= most) return numbers(points);
  return numbers(points.index_select(0, random.subset(points.size(0), most).to(points.device())));
}

/// |x - c|² of all points, [N].
torch::Tensor squared_distances(const torch::Tensor& points, const torch::Tensor& centre) {
  return (points - centre).square().sum(1);
}

torch::Tensor bump(const torch::Tensor& squared_distance, double width) {
  return (squared_distance * (-0.5 / (width * width))).exp();
}

/// Rows drawn with these probabilities: their numbers, [count]. @param cumulative  of the probabilities
torch::Tensor draw(const torch::Tensor& cumulative, std::int64_t count, Random& random) {
  const auto uniform = random.uniform({count}, torch::kDouble) * cumulative[-1];
  return torch::searchsorted(cumulative, uniform).clamp_max(cumulative.size(0) - 1);
}

/// KL(Bernoulli(q) ‖ Bernoulli(p)) in nats.
double bernoulli_divergence(double q, double p) {
  const auto term = [](double a, double b) { return a > 0 ? a * std::log(a / b) : 0.0; };
  return term(q, p) + term(1 - q, 1 - p);
}

struct Candidate {
  std::int64_t centre = 0;
  double width = 0, data_mean = 0, model_mean = 0;
  double score = -1;  ///< a lower bound of the gain; negative for no candidate
};

/// The best width of one centre.
Candidate best_at(std::int64_t number, const torch::Tensor& centre, const torch::Tensor& nodes,
                  const torch::Tensor& probabilities, const torch::Tensor& train, double spread) {
  const auto to_nodes = squared_distances(nodes, centre), to_train = squared_distances(train, centre);
  const auto count = static_cast<double>(train.size(0));
  Candidate best;
  for (int halvings = 0; halvings < widths; ++halvings) {
    const double width = std::ldexp(spread, -halvings);
    const auto mass = bump(to_nodes, width) * probabilities;
    const double p = mass.sum().item<double>(), squares = mass.square().sum().item<double>();
    const double q = bump(to_train, width).mean().item<double>();
    if (p * p < fewest_nodes * squares || count * std::max(p, q) < fewest_points || p <= 0 || p >= 1)
      continue;
    const double score = bernoulli_divergence(q, p);
    if (score > best.score) best = {number, width, q, p, score};
  }
  return best;
}

/// argmax of a q - log E_p[exp(a φ)], which is concave in a, and its value.
std::pair<double, double> best_coefficient(const torch::Tensor& values,
                                           const torch::Tensor& log_probabilities, double q) {
  constexpr double largest = 50, longest_step = 2;
  double a = 0;
  for (int i = 0; i < 100; ++i) {
    const auto tilted = (log_probabilities + a * values).softmax(0);
    const double mean = tilted.dot(values).item<double>();
    const double variance = tilted.dot((values - mean).square()).item<double>();
    const double step = std::clamp((q - mean) / std::max(variance, 1e-300), -longest_step, longest_step);
    a = std::clamp(a + step, -largest, largest);
    if (std::abs(step) < 1e-12) break;
  }
  return {a, a * q - (log_probabilities + a * values).logsumexp(0).item<double>()};
}

Witness::HeldOut judge(const Witness& witness, const torch::Tensor& points, const torch::Tensor& values,
                       const torch::Tensor& probabilities, Random& random) {
  constexpr std::int64_t sets = 1999;
  const auto seen = bump(squared_distances(points, witness.centre), witness.width);
  Witness::HeldOut result{.points = points.size(0), .mean = seen.mean().item<double>()};
  const double log_factor = (probabilities.log() + witness.coefficient * values).logsumexp(0).item<double>();
  result.gain = witness.coefficient * result.mean - log_factor;
  const auto count = static_cast<double>(result.points);
  if (result.points > 1)
    result.standard_error = std::abs(witness.coefficient) * seen.std().item<double>() / std::sqrt(count);
  const auto cumulative = probabilities.cumsum(0);
  const double distance = std::abs(result.mean - witness.model_mean);
  std::int64_t as_far = 0;
  for (std::int64_t set = 0; set < sets; ++set) {
    const auto mean = values.index_select(0, draw(cumulative, result.points, random)).mean().item<double>();
    if (std::abs(mean - witness.model_mean) >= distance) ++as_far;
  }
  result.p_value = static_cast<double>(1 + as_far) / static_cast<double>(1 + sets);
  return result;
}

}  // namespace

std::optional<Witness> find_witness(const WeightedPoints& model, const torch::Tensor& train,
                                    const torch::Tensor& held_out, Random& random) {
  const torch::NoGradGuard no_grad;
  const auto nodes = numbers(model.points), probabilities = numbers(model.probabilities);
  const auto points = some_rows(train, most_points, random);
  const double spread = std::sqrt((points - points.mean(0)).square().mean().item<double>());
  if (!(spread > 0)) return std::nullopt;

  // As many as take about a second.
  const auto each = std::clamp<std::int64_t>((1 << 22) / (nodes.size(0) + points.size(0)), 32, 256);
  const auto at_data = points.index_select(0, random.integers(points.size(0), each));
  const auto at_model = nodes.index_select(0, draw(probabilities.cumsum(0), each, random));
  const auto centres = torch::cat({at_data, at_model});
  std::vector<Candidate> found(static_cast<std::size_t>(centres.size(0)));
  for_each_shard(
      centres.size(0),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard none;
        for (auto i = begin; i < end; ++i)
          found[static_cast<std::size_t>(i)] = best_at(i, centres[i], nodes, probabilities, points, spread);
      },
      1);
  const auto best = *std::max_element(found.begin(), found.end(),
                                      [](const auto& a, const auto& b) { return a.score < b.score; });
  if (best.score < 0) return std::nullopt;

  Witness witness{.centre = centres[best.centre].clone(),
                  .width = best.width,
                  .data_mean = best.data_mean,
                  .model_mean = best.model_mean};
  const auto values = bump(squared_distances(nodes, witness.centre), witness.width);
  std::tie(witness.coefficient, witness.gain) =
      best_coefficient(values, probabilities.log(), witness.data_mean);
  if (held_out.defined() && held_out.size(0) > 0)
    witness.held_out =
        judge(witness, some_rows(held_out, most_points, random), values, probabilities, random);
  return witness;
}

}  // namespace ebm
