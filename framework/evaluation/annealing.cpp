#include "dualebm/framework/evaluation/annealing.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/resampling.hpp"

namespace ebm {
namespace {

constexpr std::int64_t leapfrog_steps = 3, moves_in_pilot = 2, settling = 40, bootstraps = 200;
constexpr double first_step = 0.5, least_overlap = 8, most_disagreement = 3;

/// U_β = β E + (1 - β) B.
class Bridge final : public Energy {
 public:
  Bridge(Energy& energy, const BaseProposal& q) : energy_(energy), q_(q) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    return beta * energy_.forward(x) - (1 - beta) * q_.log_density(x).to(x.scalar_type());
  }
  std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) override {
    const auto [value, gradient] = energy_.value_and_gradient(x);
    return {beta * value - (1 - beta) * q_.log_density(x).to(x.scalar_type()),
            beta * gradient + (1 - beta) * q_.gradient(x)};
  }
  torch::Tensor gradient(const torch::Tensor& x) override { return value_and_gradient(x).second; }
  bool row_parallel() const override { return energy_.row_parallel(); }

  /// log [exp(-E) / q] at the points, what a unit of β is worth; -∞ where E is no number. [N], double
  torch::Tensor log_ratio(const torch::Tensor& x) const {
    const auto ratio = -energies_at(energy_, x).to(torch::kDouble) - q_.log_density(x);
    return torch::where(torch::isfinite(ratio), ratio, torch::full_like(ratio, -HUGE_VAL));
  }

  double beta = 0;

 private:
  Energy& energy_;
  const BaseProposal& q_;
};

/// A level of the path: β, and the kernel there.
struct Level {
  double beta;
  KernelMemory memory;
  double scale;  ///< of the kernel's step once it stands still, to be the one that it had found
};

struct Path {
  std::vector<Level> levels;
  double log_z = 0;
  double length = 0;  ///< Σ of the deviations of the increments
};

double log_mean_exp(const torch::Tensor& x) {
  return x.logsumexp(0).item<double>() - std::log(static_cast<double>(x.size(0)));
}

/// (Σ w)² / (N Σ w²) for w = exp(step · ratio).
double share_of(const torch::Tensor& ratio, double step) {
  const auto w = (step * ratio).nan_to_num(-HUGE_VAL, -HUGE_VAL, -HUGE_VAL);
  return std::exp(2 * w.logsumexp(0).item<double>() - (2 * w).logsumexp(0).item<double>()) /
         static_cast<double>(ratio.size(0));
}

/// The longest step in (0, rest] that leaves the share, by bisection.
double next_step(const torch::Tensor& ratio, double rest, double share) {
  if (share_of(ratio, rest) >= share) return rest;
  double low = 0, high = rest;
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (low + high);
    (share_of(ratio, middle) >= share ? low : high) = middle;
  }
  return low;
}

Hmc kernel() {
  Hmc::Options options;
  options.step_size = first_step;
  options.leapfrog_steps = leapfrog_steps;
  return Hmc(options);
}

/// The sequential sampler; what it has learnt of the path is in the levels.
std::optional<Path> explore(Bridge& bridge, const Domain& domain, const BaseProposal& q,
                            const AnnealingOptions& options, Random& random,
                            const torch::TensorOptions& tensor_options) {
  const auto hmc = kernel();
  auto state = hmc.init(q.sample(options.walkers, random, tensor_options));
  for (std::int64_t i = 0; i < settling; ++i) hmc.step(bridge, domain, state, random, 1);
  Path path;
  while (bridge.beta < 1) {
    if (static_cast<std::int64_t>(path.levels.size()) == options.most_levels) return std::nullopt;
    const auto ratio = bridge.log_ratio(state.positions);
    const double step = next_step(ratio, 1 - bridge.beta, options.share);
    if (!(step > 0)) return std::nullopt;
    const auto increment = step * ratio;
    path.log_z += log_mean_exp(increment);
    path.length += std::sqrt(std::max(0.0, 1 / share_of(ratio, step) - 1));
    bridge.beta = step == 1 - bridge.beta ? 1 : bridge.beta + step;
    state.select(systematic_rows(increment, random));
    ++state.parameters_version;
    for (std::int64_t i = 0; i < moves_in_pilot; ++i) hmc.step(bridge, domain, state, random, 1);
    const double found = *hmc.step_size(state);
    state.adapting = false;
    path.levels.push_back({bridge.beta, state.memory, found / *hmc.step_size(state)});
    state.adapting = true;
  }
  return path;
}

/// Levels between the levels, until the whole of the works has a variance of about one.
std::vector<Level> refined(const Path& path, std::int64_t most) {
  const auto count = static_cast<std::int64_t>(path.levels.size());
  const auto wanted = static_cast<std::int64_t>(std::ceil(path.length * path.length));
  const auto parts =
      std::clamp<std::int64_t>((wanted + count - 1) / count, 1, std::max<std::int64_t>(1, 2 * most / count));
  std::vector<Level> levels;
  double before = 0;
  for (const auto& level : path.levels) {
    for (std::int64_t i = 1; i <= parts; ++i) {
      levels.push_back(level);
      levels.back().beta =
          before + (level.beta - before) * static_cast<double>(i) / static_cast<double>(parts);
    }
    before = level.beta;
  }
  return levels;
}

torch::Tensor moved(Bridge& bridge, const Domain& domain, const Level& level, const torch::Tensor& x,
                    Random& random) {
  static const auto hmc = kernel();
  Sampler::State state(x);
  state.memory = level.memory;
  state.adapting = false;
  bridge.beta = level.beta;
  hmc.step(bridge, domain, state, random, level.scale);
  return state.positions;
}

/// Works of walkers that begin at x: up the levels, or down.
torch::Tensor works(Bridge& bridge, const Domain& domain, const std::vector<Level>& levels, torch::Tensor x,
                    bool up, Random& random) {
  auto work = torch::zeros({x.size(0)}, x.options().dtype(torch::kDouble));
  const auto count = levels.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto k = up ? i : count - 1 - i;
    const double step = levels[k].beta - (k == 0 ? 0 : levels[k - 1].beta);
    if (!up) x = moved(bridge, domain, levels[k], x, random);
    work += step * bridge.log_ratio(x);
    if (up && k + 1 < count) x = moved(bridge, domain, levels[k], x, random);
  }
  return work;
}

/// Bennett's c by bisection: the left side falls and the right one grows with it.
double bennett(const torch::Tensor& up, const torch::Tensor& down) {
  double low = std::min(up.min().item<double>(), down.min().item<double>()),
         high = std::max(up.max().item<double>(), down.max().item<double>());
  low = std::max(low, -1e12);
  for (int i = 0; i < 80; ++i) {
    const double c = 0.5 * (low + high);
    const double excess =
        (up - c).sigmoid().mean().item<double>() - (c - down).sigmoid().mean().item<double>();
    (excess > 0 ? low : high) = c;
  }
  return 0.5 * (low + high);
}

double bootstrap_error(const torch::Tensor& up, const torch::Tensor& down, Random& random) {
  std::vector<double> values;
  const auto again = [&](const torch::Tensor& x) {
    return x.index_select(0, random.integers(x.size(0), x.size(0)));
  };
  for (std::int64_t i = 0; i < bootstraps; ++i) values.push_back(bennett(again(up), again(down)));
  double mean = 0, square = 0;
  for (const double v : values) mean += v / static_cast<double>(bootstraps);
  for (const double v : values) square += (v - mean) * (v - mean) / static_cast<double>(bootstraps - 1);
  return std::sqrt(square);
}

}  // namespace

void AnnealingOptions::describe(Fields& fields) {
  fields.integer("walkers", walkers, Range::at_least(16), "walkers that go from the base to the model");
  fields.number(
      "share", share, Range{0, 1, false, false},
      "effective share of the walkers that is left from one temperature to the next, which spaces them");
  fields.integer("most_levels", most_levels, Range::at_least(2),
                 "temperatures at most; where more would be needed log Z is not known");
}

std::optional<NormalizerEstimate> sequential_log_normalizer(Energy& energy, const Domain& domain,
                                                            const BaseProposal& q,
                                                            const AnnealingOptions& options, Random& random) {
  const torch::NoGradGuard no_grad;
  Bridge bridge(energy, q);
  const auto path = explore(bridge, domain, q, checked(options, "annealing"), random,
                            energy.parameters().empty() ? torch::TensorOptions(torch::kDouble)
                                                        : energy.parameters().front().options());
  if (!path) return std::nullopt;
  NormalizerEstimate estimate;
  estimate.value = path->log_z;
  estimate.levels = static_cast<std::int64_t>(path->levels.size());
  return estimate;
}

std::optional<NormalizerEstimate> bridged_log_normalizer(Energy& energy, const Domain& domain,
                                                         const BaseProposal& q, const torch::Tensor& draws,
                                                         const AnnealingOptions& options, Random& random) {
  const torch::NoGradGuard no_grad;
  Bridge bridge(energy, q);
  const auto path = explore(bridge, domain, q, checked(options, "annealing"), random, draws.options());
  if (!path) return std::nullopt;
  const auto levels = refined(*path, options.most_levels);
  const auto rows = (torch::arange(options.walkers, torch::kDouble) + 0.5) /
                    static_cast<double>(options.walkers) * static_cast<double>(draws.size(0));
  const auto ends = draws.index_select(0, rows.floor().to(torch::kLong).to(draws.device()));
  const auto up =
      works(bridge, domain, levels, q.sample(options.walkers, random, draws.options()), true, random).cpu();
  const auto down = works(bridge, domain, levels, ends, false, random).cpu();
  NormalizerEstimate estimate;
  estimate.value = bennett(up, down);
  estimate.forward = log_mean_exp(up);
  estimate.reverse = -log_mean_exp(-down);
  estimate.levels = static_cast<std::int64_t>(levels.size());
  const auto overlap = [&](const torch::Tensor& w) {
    return (4 * (w - estimate.value).sigmoid() * (estimate.value - w).sigmoid()).sum().item<double>();
  };
  estimate.known = std::min(overlap(up), overlap(down)) >= least_overlap &&
                   std::abs(*estimate.forward - *estimate.reverse) <= most_disagreement;
  estimate.standard_error = bootstrap_error(up, down, random);
  return estimate;
}

}  // namespace ebm
