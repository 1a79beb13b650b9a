#include "dualebm/framework/problem/adaptive_quadrature.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dualebm/framework/problem/cell_index.hpp"

namespace ebm {
namespace {

constexpr double share_of_error = 0.9;      ///< that is refined in a round
constexpr std::int64_t most_halvings = 45;  ///< halvings of a chart, for coordinates in double
constexpr double unresolved = 1.0;          ///< nats by which a probe may exceed all nodes of its cell
constexpr std::int64_t cells_at_once = 2048;

/// Nodes along a side of a cell, and halvings that the charts begin with: some thousand nodes in all.
struct Start {
  std::int64_t order, level;
};

Start start_of(const Atlas& atlas) {
  switch (atlas.coordinates()) {
    case 1:
      return {10, 4};
    case 2:
      return {6, atlas.charts() > 1 ? 1 : 2};
    default:
      return {4, atlas.charts() > 1 ? 0 : 1};
  }
}

/// Of cells: the logarithm of each integral, and the largest log density at a node.
struct Masses {
  torch::Tensor log_mass;  ///< [C, F]
  torch::Tensor peak;      ///< [C], of the first density
};

/// Cells that are compared with their halves, with all that is known of them.
struct Families {
  Cells cells;
  torch::Tensor own;     ///< log integrals by the cell's own rule, [n, F]
  torch::Tensor halves;  ///< of its halves, [n, 2^k, F]
  torch::Tensor peak;    ///< largest log density at a node of a half, [n]

  Families at(const torch::Tensor& rows) const {
    return {cells.at(rows), own.index_select(0, rows), halves.index_select(0, rows),
            peak.index_select(0, rows)};
  }
  Families with(const Families& others) const {
    return {cells.with(others.cells), torch::cat({own, others.own}), torch::cat({halves, others.halves}),
            torch::cat({peak, others.peak})};
  }
};

/// Points at which a density is known to be large.
struct Probes {
  Atlas::Place place;
  torch::Tensor log_density, log_jacobian;  ///< [n]
};

class Refinement {
 public:
  Refinement(const Atlas& atlas, const LogDensities& densities, const AdaptiveOptions& options,
             const torch::Tensor& probes)
      : atlas_(atlas), densities_(densities), options_(options), start_(start_of(atlas)) {
    auto cells = whole(atlas, start_.level);
    const auto own = masses_of(cells);
    families_ = families_of(std::move(cells), own.log_mass);
    if (probes.defined() && probes.size(0) > 0) place(probes);
  }

  AdaptiveQuadrature run() {
    std::vector<std::pair<std::int64_t, double>> history;
    AdaptiveQuadrature result;
    for (;;) {
      const CellIndex index(families_.cells);
      const auto errors = errors_of(index);
      const double error = errors.sum().item<double>();
      result.error = std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
      history.emplace_back(evaluated_, result.error);
      const auto beside = index.too_large(atlas_);
      result.reached = result.error <= options_.tolerance && beside.empty();
      if (result.reached) break;
      const auto marked = marked_by(errors, beside);
      if (marked.size(0) == 0) break;
      refine(marked);
    }
    result.evaluated = evaluated_;
    if (!result.reached) result.needed = needed_for(history);
    result.fine = rule_on(atlas_, families_.cells.halves(), start_.order);
    result.coarse = rule_on(atlas_, families_.cells, start_.order);
    return result;
  }

 private:
  std::int64_t parts() const { return std::int64_t{1} << atlas_.coordinates(); }
  std::int64_t nodes_of_a_cell() const {
    std::int64_t count = 1;
    for (std::int64_t k = 0; k < atlas_.coordinates(); ++k) count *= start_.order;
    return count;
  }

  Masses masses_of(const Cells& cells) {
    std::vector<torch::Tensor> masses, peaks;
    for (std::int64_t begin = 0; begin < cells.count(); begin += cells_at_once) {
      const auto count = std::min(cells_at_once, cells.count() - begin);
      const auto rule = rule_on(atlas_, cells.at(torch::arange(begin, begin + count)), start_.order);
      const auto values = densities_(rule.points).to(torch::kCPU, torch::kDouble);
      const auto weighted = (values + rule.weights.log().unsqueeze(1)).reshape({count, -1, values.size(1)});
      masses.push_back(weighted.logsumexp(1));
      peaks.push_back(values.select(1, 0).reshape({count, -1}).amax(1));
      evaluated_ += values.size(0);
    }
    return {torch::cat(masses), torch::cat(peaks)};
  }

  Families families_of(Cells cells, const torch::Tensor& own) {
    const auto halves = masses_of(cells.halves());
    const auto count = cells.count();
    return {std::move(cells), own, halves.log_mass.reshape({count, parts(), -1}),
            halves.peak.reshape({count, parts()}).amax(1)};
  }

  /// What each family may be wrong by, relative to the integrals: [n].
  torch::Tensor errors_of(const CellIndex& index) const {
    const auto fine = families_.halves.logsumexp(1);
    const auto total = fine.logsumexp(0, /*keepdim=*/true);
    auto errors = ((families_.own - total).exp() - (fine - total).exp()).abs().amax(1);
    // A part where the density is zero at all nodes, exp(-inf - -inf), is zero in both.
    const auto empty = fine.eq(-std::numeric_limits<double>::infinity())
                           .all(1)
                           .logical_and(families_.own.eq(-std::numeric_limits<double>::infinity()).all(1));
    errors = torch::where(empty.logical_and(total.isfinite().all()), torch::zeros_like(errors), errors);
    add_probes(index, total[0][0].item<double>(), errors);
    return errors;
  }

  /// A probe far above all nodes of its cell stands for a peak that may hold what its density does on a half.
  void add_probes(const CellIndex& index, double log_total, torch::Tensor& errors) const {
    if (!probes_.log_density.defined()) return;
    auto error = errors.accessor<double, 1>();
    const auto peak = families_.peak.accessor<double, 1>();
    const auto level = families_.cells.level.accessor<std::int64_t, 1>();
    const auto density = probes_.log_density.accessor<double, 1>();
    const auto jacobian = probes_.log_jacobian.accessor<double, 1>();
    const auto k = static_cast<double>(atlas_.coordinates());
    for (std::int64_t i = 0; i < density.size(0); ++i) {
      const auto row = index.find(probes_.place, i);
      if (row < 0 || !(density[i] > peak[row] + unresolved)) continue;
      const double log_side = -static_cast<double>(level[row]) * std::log(2.0);
      error[row] =
          std::max(error[row], std::exp(std::min(0.0, density[i] + jacobian[i] + k * log_side - log_total)));
    }
  }

  /// Families that are too large beside theirs and, unless all is within the tolerance, those that hold most
  /// of the error; as many as the nodes allow: rows, int64.
  torch::Tensor marked_by(const torch::Tensor& errors, const std::vector<std::int64_t>& too_large) const {
    auto rows = too_large;
    auto known = torch::where(errors.isfinite(), errors, torch::full_like(errors, 1.0));
    known = torch::where(families_.cells.level.lt(most_halvings), known, torch::zeros_like(known));
    const double all = known.sum().item<double>();
    const auto [sorted, order] = known.sort(0, /*descending=*/true);
    const auto error = sorted.accessor<double, 1>();
    const auto place = order.accessor<std::int64_t, 1>();
    double sum = 0;
    for (std::int64_t i = 0; all > options_.tolerance && i < sorted.size(0); ++i) {
      if (sum >= share_of_error * all || error[i] <= 0) break;
      sum += error[i];
      if (!std::binary_search(too_large.begin(), too_large.end(), place[i])) rows.push_back(place[i]);
    }
    const auto most = (options_.most_nodes - evaluated_) / (parts() * parts() * nodes_of_a_cell());
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(std::max<std::int64_t>(most, 0))));
    return torch::tensor(rows, torch::kLong);
  }

  void refine(const torch::Tensor& marked) {
    const auto chosen = families_.at(marked);
    const auto f = chosen.own.size(1);
    auto fresh = families_of(chosen.cells.halves(), chosen.halves.reshape({-1, f}));
    const auto stays = torch::ones({families_.cells.count()}, torch::kBool);
    stays.index_fill_(0, marked, false);
    families_ = families_.at(stays.nonzero().squeeze(1)).with(fresh);
  }

  void place(const torch::Tensor& points) {
    const auto place = atlas_.place(points.to(torch::kCPU, torch::kDouble));
    const auto inside = place.u.clamp(-1 + 1e-15, 1 - 1e-15).contiguous();
    probes_ = {.place = {place.chart.contiguous(), inside},
               .log_density = densities_(points).to(torch::kCPU, torch::kDouble).select(1, 0).contiguous(),
               .log_jacobian = atlas_.image(place.chart, inside).density.log().contiguous()};
  }

  /// By the rate at which the error fell over the last half of the nodes.
  std::int64_t needed_for(const std::vector<std::pair<std::int64_t, double>>& history) const {
    const auto& [nodes, error] = history.back();
    for (auto earlier = history.rbegin(); earlier != history.rend(); ++earlier) {
      if (2 * earlier->first > nodes && std::next(earlier) != history.rend()) continue;
      const double rate = std::log(earlier->second / error) /
                          std::log(static_cast<double>(nodes) / static_cast<double>(earlier->first));
      if (!(rate > 0.1)) return 0;
      const double needed = static_cast<double>(nodes) * std::pow(error / options_.tolerance, 1 / rate);
      return needed < 1e15 ? static_cast<std::int64_t>(needed) : 0;
    }
    return 0;
  }

  const Atlas& atlas_;
  const LogDensities& densities_;
  AdaptiveOptions options_;
  Start start_;
  Families families_;
  Probes probes_;
  std::int64_t evaluated_ = 0;
};

}  // namespace

std::string AdaptiveQuadrature::verdict() const {
  const auto found = fmt::format("the error is {:.2g} nats after {} nodes", error, evaluated);
  if (reached) return found;
  if (needed > 0) return fmt::format("{}; about {:.2g} nodes are needed", found, static_cast<double>(needed));
  return found +
         ", and more do not help: the density does not die away, or is steeper than coordinates are precise";
}

AdaptiveQuadrature integrate(const Atlas& atlas, const LogDensities& densities,
                             const AdaptiveOptions& options, const torch::Tensor& probes) {
  const torch::NoGradGuard no_grad;
  return Refinement(atlas, densities, options, probes).run();
}

}  // namespace ebm
