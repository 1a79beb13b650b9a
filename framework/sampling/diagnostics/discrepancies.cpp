#include "dualebm/framework/sampling/diagnostics/discrepancies.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"

namespace ebm {
namespace {

constexpr std::int64_t rows_at_once = 256, most_for_median = 1000;

/// |x - y|² with the digits of small distances: [N, M].
torch::Tensor squares(const torch::Tensor& x, const torch::Tensor& y) {
  return at::cdist(x, y, 2, /*compute_mode=*/2).square();
}

/// Sum over pieces of the rows, in the order of the pieces whatever the threads.
template <class Piece>
double sum_over_rows(std::int64_t rows, Piece piece) {
  std::vector<double> parts(static_cast<std::size_t>(shard_count(rows, rows_at_once)), 0.0);
  for_each_shard(
      rows,
      [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard no_grad;
        for (auto first = begin; first < end; first += rows_at_once) {
          parts[static_cast<std::size_t>(shard)] += piece(first, std::min(rows_at_once, end - first));
        }
      },
      rows_at_once);
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace

double kernel_stein_discrepancy(Energy& energy, const Domain& domain, const torch::Tensor& positions,
                                const torch::Tensor& weights, double length) {
  require(dynamic_cast<const Euclidean*>(&domain) != nullptr,
          "Stein discrepancy: the kernel is one of the domain euclidean, not of {}", domain.name());
  require(length > 0, "Stein discrepancy: the length must be positive, got {}", length);
  const auto n = positions.size(0);
  const double d = static_cast<double>(positions.size(1));
  const auto x = positions.to(torch::kDouble).cpu();
  const auto s = -energy.gradient(positions).to(torch::kDouble).cpu();
  const auto w = weights.defined() ? weights.to(torch::kDouble).cpu()
                                   : torch::full({n}, 1.0 / static_cast<double>(n), x.options());
  const auto own = (s * x).sum(1);
  const double sum = sum_over_rows(n, [&](std::int64_t first, std::int64_t count) {
    const auto xi = x.narrow(0, first, count), si = s.narrow(0, first, count);
    const auto r = squares(xi, x), q = r + length * length;
    const auto k = q.rsqrt(), k3 = k / q, k5 = k3 / q;
    // (s_i - s_j)·(x_i - x_j): ∇_y k = (x - y) q^{-3/2} = -∇_x k.
    const auto along = own.narrow(0, first, count).unsqueeze(1) + own - si.mm(x.t()) - xi.mm(s.t());
    const auto stein = si.mm(s.t()) * k + along * k3 + d * k3 - 3 * r * k5;
    return w.narrow(0, first, count).dot(stein.mv(w)).item<double>();
  });
  return std::sqrt(std::max(sum, 0.0));
}

double squared_mean_discrepancy(const torch::Tensor& x, const torch::Tensor& y) {
  require(x.dim() == 2 && y.dim() == 2 && x.size(1) == y.size(1) && x.size(0) >= 2 && y.size(0) >= 2,
          "mean discrepancy: two sets of at least two points of the same dimension are needed");
  const auto a = x.to(torch::kDouble).cpu(), b = y.to(torch::kDouble).cpu();
  const auto some = torch::cat({a.narrow(0, 0, std::min(a.size(0), most_for_median)),
                                b.narrow(0, 0, std::min(b.size(0), most_for_median))});
  const double median = squares(some, some).flatten().median().item<double>();
  require(median > 0, "mean discrepancy: most points are the same");
  const auto kernel_sum = [&](const torch::Tensor& u, const torch::Tensor& v) {
    return sum_over_rows(u.size(0), [&](std::int64_t first, std::int64_t count) {
      const auto r = squares(u.narrow(0, first, count), v) / (-2 * median);
      return ((4 * r).exp().sum() + r.exp().sum() + (0.25 * r).exp().sum()).item<double>() / 3;
    });
  };
  const double n = static_cast<double>(a.size(0)), m = static_cast<double>(b.size(0));
  return (kernel_sum(a, a) - n) / (n * (n - 1)) + (kernel_sum(b, b) - m) / (m * (m - 1)) -
         2 * kernel_sum(a, b) / (n * m);
}

}  // namespace ebm
