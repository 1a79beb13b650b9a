#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/diagnostics/discrepancies.hpp"
#include "dualebm/framework/sampling/diagnostics/flux.hpp"
#include "dualebm/framework/sampling/diagnostics/verdict.hpp"
#include "dualebm/framework/sampling/kernel_density.hpp"
#include "dualebm/framework/sampling/mixture_proposal.hpp"

namespace ebm {
namespace {

// Calibrated on spoiled runs, tests/benchmarks/verdicts.cpp.
constexpr double tolerated_share = 0.05, chance = 1.9, flux_limit = 5, stein_limit = 3, discrepancy_limit = 6,
                 discrepancy_floor = 0.002;
constexpr std::int64_t compared_directions = 24, compared_coordinates = 24, few = 500, null_pairs = 12,
                       proposals_from = 2000;

/// Points with the weight of each, sum one, and how many independent ones they may be worth at most.
struct Cloud {
  torch::Tensor points, energies, weights;  // double
  double size = 0;
  double repeats = 1;  ///< how many equal ones a point stands for, on the average over mass
};

/// (Σ w)² / Σ w², where points that are equal, as drawing anew leaves them, count as one.
double size_of(const Cloud& cloud) {
  const auto [value, place, count] =
      at::_unique2(cloud.energies, /*sorted=*/true, /*return_inverse=*/true, false);
  const auto mass = torch::zeros_like(value).index_add_(0, place, cloud.weights);
  return 1 / mass.square().sum().item<double>();
}

Cloud cloud_of(Energy& energy, const torch::Tensor& points, const torch::Tensor& weights) {
  const auto count = points.size(0);
  Cloud cloud{points.to(torch::kCPU, torch::kDouble),
              energies_at(energy, points).to(torch::kCPU, torch::kDouble),
              weights.defined() ? weights.to(torch::kCPU, torch::kDouble)
                                : torch::full({count}, 1.0 / static_cast<double>(count), torch::kDouble)};
  cloud.size = size_of(cloud);
  cloud.repeats = std::max(1.0, 1 / (cloud.weights.square().sum().item<double>() * cloud.size));
  return cloud;
}

/// sup_t |F(t) - G(t)| of two weighted distribution functions on the line.
double distance(const torch::Tensor& x, const torch::Tensor& wx, const torch::Tensor& y,
                const torch::Tensor& wy) {
  const auto [sorted, order] = torch::cat({x, y}).sort(0);
  const auto mass = torch::cat({wx, -wy}).index_select(0, order).cumsum(0);
  // Equal numbers jump together: only the last of them counts.
  const auto last =
      torch::cat({sorted.narrow(0, 0, sorted.size(0) - 1) != sorted.narrow(0, 1, sorted.size(0) - 1),
                  torch::zeros({1}, torch::kBool)});
  return (mass.abs() * last).max().item<double>();
}

/// The largest distance along coordinates and random directions, and where it is.
std::pair<double, std::string> farthest(const Cloud& a, const Cloud& b, Random& random) {
  const auto d = a.points.size(1);
  const auto scale = b.points.std(0, /*unbiased=*/false).clamp_min(1e-300);
  const auto omega = random.normal({d, compared_directions}, b.points.options()) / scale.unsqueeze(1);
  const auto own = std::min(d, compared_coordinates);
  const auto seen_a = torch::cat({a.points.narrow(1, 0, own), a.points.mm(omega)}, 1),
             seen_b = torch::cat({b.points.narrow(1, 0, own), b.points.mm(omega)}, 1);
  std::pair<double, std::string> found{0, "nowhere"};
  for (std::int64_t k = 0; k < seen_a.size(1); ++k) {
    const double now = distance(seen_a.select(1, k), a.weights, seen_b.select(1, k), b.weights);
    if (now > found.first) found = {now, k < own ? fmt::format("coordinate {}", k) : "a random direction"};
  }
  return found;
}

torch::Tensor some_rows(const torch::Tensor& x, std::int64_t count, Random& random) {
  return x.index_select(0, random.subset(x.size(0), std::min(count, x.size(0))));
}

/// As many rows as asked for, drawn by weight.
torch::Tensor drawn(const Cloud& cloud, std::int64_t count, Random& random) {
  const auto u = random.uniform({count}, torch::kDouble);
  const auto rows = at::searchsorted(cloud.weights.cumsum(0), u).clamp_max(cloud.weights.size(0) - 1);
  return cloud.points.index_select(0, rows);
}

bool weighs_alike(const Cloud& cloud) {
  return cloud.weights.min().item<double>() == cloud.weights.max().item<double>();
}

/// Rows that stand for a cloud: any of them where they weigh alike, else by their weights.
torch::Tensor standing_for(const Cloud& cloud, std::int64_t count, Random& random) {
  return weighs_alike(cloud) ? some_rows(cloud.points, count, random) : drawn(cloud, count, random);
}

/// The discrepancy of the particles, and the root of the mean square of that of fresh draws among themselves.
std::pair<double, double> discrepancies(const Cloud& particles, const Cloud& model, std::int64_t count,
                                        Random& random) {
  double square = 0;
  for (std::int64_t i = 0; i < null_pairs; ++i) {
    const auto rows = some_rows(model.points, 2 * count, random);
    const auto half = rows.size(0) / 2;
    const double value =
        squared_mean_discrepancy(rows.narrow(0, 0, half), rows.narrow(0, half, rows.size(0) - half));
    square += value * value / static_cast<double>(null_pairs);
  }
  return {squared_mean_discrepancy(standing_for(particles, count, random),
                                   some_rows(model.points, count, random)),
          std::sqrt(square)};
}

Check discrepancy_check(const Cloud& particles, const Cloud& model, Random& random) {
  const auto count = std::min<std::int64_t>(few, particles.points.size(0));
  constexpr const char* advice = "the particles cover other places than the model: see above";
  try {
    const auto [found, among_draws] = discrepancies(particles, model, count, random);
    const double share = std::min(1.0, particles.size / static_cast<double>(count));
    const double limit = discrepancy_floor + discrepancy_limit * among_draws / share;
    return {"MMD²",
            found,
            limit,
            found <= limit,
            fmt::format("fresh draws have {:.1e} among themselves", among_draws),
            advice};
  } catch (const UserError& error) {
    return {"MMD²", 1, 0, false, error.what(), advice};
  }
}

std::shared_ptr<const Proposal> jumps_to(const std::shared_ptr<const Domain>& domain,
                                         const torch::Tensor& points, Random& random) {
  return std::make_shared<MixtureProposal>(std::vector<MixtureProposal::Part>{
      {std::make_shared<KernelDensity>(KernelDensity::fit(*domain, points, 200, random)), 0.9},
      {std::make_shared<BaseProposal>(BaseProposal::around(domain, points)), 0.1}});
}

constexpr const char* move_more =
    "let the particles move more between updates, or leave particle_step out of dual_gda, whose own kernels "
    "are exact";

/// How much larger the Stein discrepancy of so many rows is for the equal ones among them: the root of 1 +
/// (count - 1) times the chance that two of them are one point.
double growth_by_repeats(const Cloud& cloud, std::int64_t count) {
  const double rows = weighs_alike(cloud) ? 1 / static_cast<double>(cloud.weights.size(0)) : 0;
  return std::sqrt(1 + static_cast<double>(count - 1) * std::max(0.0, 1 / cloud.size - rows));
}

/// @param repeats  of equal particles, which the statistic takes for independent ones
Check flux_of(Energy& energy, const std::shared_ptr<const Domain>& domain, const torch::Tensor& source,
              const torch::Tensor& positions, const torch::Tensor& weights, double repeats, Random& random) {
  const auto q = jumps_to(domain, some_rows(source, proposals_from, random), random);
  const double flux = jump_flux(energy, *q, positions, weights, random);
  return {"flux",
          flux,
          flux_limit * repeats,
          flux <= flux_limit * repeats,
          "mean square of the flow between places in standard errors; 1 where nothing is amiss",
          "masses of the modes are wrong: a kernel with jumps or tempering, see the section sampler"};
}

}  // namespace

Check flux_check(Energy& energy, const std::shared_ptr<const Domain>& domain, const LongChains& chains,
                 Random& random) {
  const torch::NoGradGuard no_grad;
  const auto half = chains.draws.size(0) / 2;
  const auto count = static_cast<std::int64_t>(std::clamp(
      std::min(chains.worst.bulk_ess, chains.worst.tail_ess) / 2, 16.0, static_cast<double>(proposals_from)));
  const auto source = chains.draws.narrow(0, 0, half).flatten(0, 1),
             seen = chains.draws.narrow(0, half, chains.draws.size(0) - half).flatten(0, 1);
  return flux_of(energy, domain, source, some_rows(seen, count, random), {}, /*repeats=*/1, random);
}

Verdict judge_particles(Energy& energy, const std::shared_ptr<const Domain>& domain,
                        const torch::Tensor& particles, const torch::Tensor& weights,
                        const LongChains& chains, Random& random) {
  const torch::NoGradGuard no_grad;
  Verdict verdict;
  const auto mine = cloud_of(energy, particles, weights);
  auto model = cloud_of(energy, chains.points().to(particles.scalar_type()), {});
  if (!torch::isfinite(mine.energies).all().item<bool>()) {
    verdict.checks.push_back({"energies of the particles", 1, 0, false,
                              "particles have left the finite numbers", "train again with smaller steps"});
    return verdict;
  }
  model.size = std::max(1.0, std::min(model.size, std::min(chains.worst.bulk_ess, chains.worst.tail_ess)));
  const double limit = tolerated_share + chance * std::sqrt(1 / mine.size + 1 / model.size);

  const double energies = distance(mine.energies, mine.weights, model.energies, model.weights);
  const double gap =
      (mine.energies * mine.weights).sum().item<double>() - model.energies.mean().item<double>();
  verdict.checks.push_back(
      {"energies", energies, limit, energies <= limit,
       fmt::format(
           "{:.0f} % of the particles have other energies than the model; on the average {:+.3g} nats",
           100 * energies, gap),
       gap > 0 ? "the particles lag behind the energy or their steps are too large: smaller steps, or "
                 "dual_gda without a particle_step"
               : "the particles sit where the energy is lowest: "
                 "let them move more between updates"});
  const auto [share, where] = farthest(mine, model, random);
  verdict.checks.push_back(
      {"places", share, limit, share <= limit,
       fmt::format("{:.0f} % of the particles are elsewhere, seen along {}", 100 * share, where), move_more});
  verdict.checks.push_back(discrepancy_check(mine, model, random));
  if (dynamic_cast<const Euclidean*>(domain.get()) != nullptr) {
    const auto count = std::min<std::int64_t>({few, particles.size(0), static_cast<std::int64_t>(mine.size)});
    const double length = std::sqrt(model.points.var(0, /*unbiased=*/false).sum().item<double>());
    const auto options = particles.options();
    const double own =
        kernel_stein_discrepancy(energy, *domain, standing_for(mine, count, random).to(options), {}, length);
    const double theirs = kernel_stein_discrepancy(
        energy, *domain, some_rows(model.points, count, random).to(options), {}, length);
    const double stein = stein_limit * growth_by_repeats(mine, count);
    verdict.checks.push_back(
        {"Stein", own / theirs, stein, own <= stein * theirs,
         "Stein discrepancy of the particles over that of fresh draws",
         "within its modes the cloud has another shape: smaller steps, or dual_gda without a particle_step"});
  }
  verdict.checks.push_back(
      flux_of(energy, domain, chains.points(), particles, weights, mine.repeats, random));
  return verdict;
}

}  // namespace ebm
