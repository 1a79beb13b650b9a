#include "dualebm/framework/training/watch.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {
namespace {

constexpr std::int64_t rows_looked_at = 500;
constexpr double slack_in_nats = 10, slack_in_scatter = 10;

/// At evenly spaced rows of all, sorted: [n], double, on the CPU. Empty: there are none.
torch::Tensor sorted_energies(Trainer& trainer, const torch::Tensor& points, const RankRows& rows) {
  if (rows.all == 0) return torch::empty({0}, torch::kDouble);
  const auto x =
      moved_to(evenly_spaced(points, rows, rows_looked_at, trainer.ranks()), trainer.tensor_options());
  return std::get<0>(energies_at(trainer.energy(), x).to(torch::kDouble).cpu().sort());
}

double value_at(const torch::Tensor& sorted, double share) {
  const auto last = sorted.size(0) - 1;
  return sorted[static_cast<std::int64_t>(std::llround(share * static_cast<double>(last)))].item<double>();
}

}  // namespace

std::optional<std::string> trouble_in(Trainer& trainer, std::int64_t iteration) {
  const EvaluationMode mode(trainer.energy());
  const auto& train = trainer.problem().data().train;
  const auto data = sorted_energies(trainer, train, whole_table(train.size(0)));
  const auto particles = sorted_energies(trainer, trainer.particles(), trainer.particle_rows());
  for (const auto& [energies, where] : {std::pair{data, "data"}, std::pair{particles, "particles"}}) {
    if (!torch::isfinite(energies.sum()).item<bool>())
      return fmt::format("energies at {} are not finite", where);
  }
  if (particles.size(0) > 0) {
    const double at_data = value_at(data, 0.5), at_particles = value_at(particles, 0.5);
    const double scatter = (value_at(data, 0.75) - value_at(data, 0.25)) / 2;
    const double most = slack_in_nats + static_cast<double>(trainer.problem().domain().dimension()) +
                        slack_in_scatter * scatter;
    if (std::abs(at_particles - at_data) > most) {
      return fmt::format(
          "particles have energies of {:.4g}, data of {:.4g} (medians, in nats): a gap above {:.3g}",
          at_particles, at_data, most);
    }
  }
  return trainer.complaint(iteration);
}

void Training::watch() {
  if (options_.recoveries == 0 || progress_.iteration == last_good_) return;
  const bool due = progress_.iteration % options_.watch_every == 0;
  if (!due && !good_.empty()) return;
  require_finite();
  if (due && progress_.iteration > 0) {
    if (const auto trouble = trouble_in(*trainer_, progress_.iteration))
      throw DivergedError(fmt::format("iteration {}: {}", progress_.iteration, *trouble));
  }
  if (good_.size() == 2) good_.erase(good_.begin());
  good_.push_back(moving_parts());
  last_good_ = progress_.iteration;
}

}  // namespace ebm
