#include "dualebm/framework/sampling/diagnostics/chains.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// Halves of the chains, the middle draw of an odd number left out: [2 C, T / 2].
torch::Tensor halves(const torch::Tensor& draws) {
  const auto half = draws.size(1) / 2;
  return torch::cat({draws.narrow(1, 0, half), draws.narrow(1, draws.size(1) - half, half)});
}

/// Normal scores of the ranks over all chains, equal draws at their mean rank: Φ^-1((r - 3/8) / (S + 1/4)).
torch::Tensor normal_scores(const torch::Tensor& draws) {
  const auto flat = draws.contiguous().flatten();
  const auto count = flat.size(0);
  const auto* value = flat.data_ptr<double>();
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return value[a] < value[b]; });
  const auto ranks = torch::empty_like(flat);
  auto* rank = ranks.data_ptr<double>();
  for (std::size_t first = 0; first < order.size();) {
    auto last = first;
    while (last + 1 < order.size() && value[order[last + 1]] == value[order[first]]) ++last;
    for (auto i = first; i <= last; ++i) rank[order[i]] = 0.5 * static_cast<double>(first + last) + 1;
    first = last + 1;
  }
  const auto p = (ranks - 0.375) / (static_cast<double>(count) + 0.25);
  return (std::numbers::sqrt2 * torch::erfinv(2 * p - 1)).view_as(draws);
}

double r_hat(const torch::Tensor& chains) {
  const double n = static_cast<double>(chains.size(1));
  const double within = chains.var(1, /*unbiased=*/true).mean().item<double>();
  const double between = chains.mean(1).var(0, /*unbiased=*/true).item<double>();
  return std::sqrt((n - 1) / n + between / within);
}

/// Autocovariances of every chain at all lags, biased, by a transform padded to twice the length: [C, T].
torch::Tensor autocovariances(const torch::Tensor& chains) {
  const auto n = chains.size(1);
  const auto centred = chains - chains.mean(1, /*keepdim=*/true);
  const auto spectrum = at::fft_rfft(centred, 2 * n, 1);
  return at::fft_irfft(spectrum.abs().square(), 2 * n, 1).narrow(1, 0, n) / static_cast<double>(n);
}

double effective_size(const torch::Tensor& chains) {
  const double count = static_cast<double>(chains.size(0)), n = static_cast<double>(chains.size(1));
  const auto covariance = autocovariances(chains).mean(0).contiguous();
  const double within = covariance[0].item<double>() * n / (n - 1);
  const double total = within * (n - 1) / n + chains.mean(1).var(0, /*unbiased=*/true).item<double>();
  if (!(within > 0)) return 0;
  const auto* at_lag = covariance.data_ptr<double>();
  const auto rho = [&](std::int64_t lag) {
    return lag == 0 ? 1 : 1 - (within - at_lag[lag] * n / (n - 1)) / total;
  };
  double sum = 0, least = std::numeric_limits<double>::infinity();
  for (std::int64_t lag = 0; lag + 1 < chains.size(1); lag += 2) {
    const double pair = rho(lag) + rho(lag + 1);
    if (!(pair > 0)) break;
    least = std::min(least, pair);
    sum += least;
  }
  const double tau = std::max(2 * sum - 1, 1 / std::log10(count * n));
  return count * n / tau;
}

/// Of the indicator of a quantile, which a chain may well never cross in a half: then
/// it has told nothing of it.
double quantile_size(const torch::Tensor& chains, double p) {
  const auto quantile = torch::quantile(chains.flatten(), p);
  return effective_size((chains <= quantile).to(torch::kDouble));
}

}  // namespace

ChainDiagnosis diagnose_chains(const torch::Tensor& draws) {
  require(draws.dim() == 2 && draws.size(0) >= 1 && draws.size(1) >= 8,
          "chains: at least one of at least 8 draws is needed");
  const auto chains = halves(draws.to(torch::kDouble).cpu());
  const bool finite = torch::isfinite(chains).all().item<bool>();
  if (!finite || (std::get<0>(chains.max(1)) == std::get<0>(chains.min(1))).any().item<bool>()) {
    return {std::numeric_limits<double>::infinity(), 0, 0};
  }
  const auto bulk = normal_scores(chains), folded = normal_scores((chains - chains.median()).abs());
  return {std::max(r_hat(bulk), r_hat(folded)), effective_size(bulk),
          std::min(quantile_size(chains, 0.05), quantile_size(chains, 0.95))};
}

}  // namespace ebm
