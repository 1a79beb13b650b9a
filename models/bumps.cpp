#include "dualebm/models/bumps.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/framework/problem/gradients.hpp"

namespace ebm {
namespace {

/// Points of a Fibonacci lattice on S², each of which stands for the same area.
torch::Tensor fibonacci_lattice(std::int64_t count) {
  const auto i = torch::arange(count, torch::kDouble);
  const auto z = 1 - (2 * i + 1) / static_cast<double>(count);
  const auto angle = i * (std::numbers::pi * (3 - std::sqrt(5.0)));
  const auto r = (1 - z * z).sqrt();
  return torch::stack({r * angle.cos(), r * angle.sin(), z}, 1);
}

/// As many points of a lattice on S² as lie `distance` apart: the area of each is that of a hexagon.
std::int64_t lattice_size(double distance) {
  return std::max<std::int64_t>(
      4, static_cast<std::int64_t>(4 * std::numbers::pi / (0.5 * std::sqrt(3.0) * distance * distance)));
}

/// Points in their order, leaving out those nearer than `distance` to one taken before. [<= most, d]
torch::Tensor thinned(const torch::Tensor& points, double distance, std::int64_t most) {
  const auto d = points.size(1);
  const auto rows = points.accessor<double, 2>();
  std::vector<std::int64_t> taken;
  for (std::int64_t i = 0; i < points.size(0) && static_cast<std::int64_t>(taken.size()) < most; ++i) {
    const bool near = std::any_of(taken.begin(), taken.end(), [&](std::int64_t j) {
      double square = 0;
      for (std::int64_t k = 0; k < d; ++k) square += (rows[i][k] - rows[j][k]) * (rows[i][k] - rows[j][k]);
      return square < distance * distance;
    });
    if (!near) taken.push_back(i);
  }
  return points.index_select(0, torch::tensor(taken, torch::kLong));
}

struct Rows64 {
  torch::Tensor tensor;
  explicit Rows64(const torch::Tensor& x) : tensor(x.detach().to(torch::kDouble).contiguous()) {}
  const double* row(std::int64_t i) const { return tensor.data_ptr<double>() + i * tensor.size(1); }
};

/// Calls body(shard, i, row, search) for every row, where search(row, ...) goes over the bumps near it.
template <class Body>
void for_each_row(const NearCentres& near, const torch::Tensor& x, Body body) {
  const Rows64 rows(x);
  for_each_shard(
      x.size(0),
      [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
        NearCentres::Search search(near);
        for (auto i = begin; i < end; ++i) body(shard, i, rows.row(i), search);
      },
      64);
}

/// One number of each bump, in the order of the index. @param numbers [M]
torch::Tensor in_order(const NearCentres& near, const torch::Tensor& numbers) {
  return numbers.detach().to(torch::kDouble).index_select(0, near.order()).contiguous();
}

}  // namespace

void Bumps::Options::describe(Fields& fields) {
  fields.numbers("concentrations", concentrations, Range::positive(),
                 "κ of each scale; a bump of κ is κ^-1/2 wide, in units of x after the transforms");
  fields.number(
      "lattice_below", lattice_below, Range::at_least(0),
      "κ up to which centres on the sphere are a lattice; beyond, and elsewhere, they are training points");
  fields.number("spacing", spacing, Range::positive(),
                "least distance of the centres of one κ at training points, in widths");
  fields.integer("most_centres", most_centres, Range::at_least(1), "centres at training points, for each κ");
}

Bumps::Bumps(const EnergyContext& context, const Options& given) {
  const auto options = checked(given, "gaussian_bumps");
  require(!options.concentrations.empty(), "energy.concentrations: there are none");
  require(context.restored || (context.points.defined() && context.points.size(0) > 0),
          "energy.name: gaussian_bumps stand at training points, and there are none here; hand them over in "
          "EnergyContext");
  require(context.domain->has_probability_base(),
          "energy.name: gaussian_bumps are flat far from the data, so exp(-E) has no integral over the "
          "domain {}; "
          "take the sphere, a "
          "torus or a box (transform to_box)",
          context.domain->name());
  const auto d = context.domain->dimension();
  const bool globe = context.domain->picture() == Picture::globe;
  const double least = *std::min_element(options.concentrations.begin(), options.concentrations.end());
  std::vector<torch::Tensor> centres, concentrations, heights;
  for (const double kappa : options.concentrations) {
    const double width = 1 / std::sqrt(kappa);
    const bool lattice = globe && kappa <= options.lattice_below;
    const auto room = lattice ? lattice_size(width) : options.most_centres;
    auto places = torch::zeros({room, d}, torch::kDouble), height = torch::zeros({room}, torch::kDouble);
    torch::Tensor found;
    if (lattice) found = fibonacci_lattice(room);
    if (!lattice && context.points.defined())
      found = thinned(context.points.detach().to(torch::kCPU, torch::kDouble).contiguous(),
                      options.spacing * width, room);
    if (found.defined()) {
      places.narrow(0, 0, found.size(0)).copy_(found);
      height.narrow(0, 0, found.size(0)).fill_(std::pow(kappa / least, 0.25));
    }
    centres.push_back(places);
    concentrations.push_back(torch::full({room}, kappa, torch::kDouble));
    heights.push_back(height);
  }
  const auto device = context.tensor_options.device();
  centres_ = register_buffer("centres", torch::cat(centres).to(device));
  concentrations_ = register_buffer("concentrations", torch::cat(concentrations).to(device));
  heights_ = register_buffer("heights", torch::cat(heights).to(device));
  coefficients_ =
      register_parameter("coefficients", torch::zeros({centres_.size(0)}, context.tensor_options));
}

std::shared_ptr<const NearCentres> Bumps::near_centres() {
  const std::pair<const void*, std::int64_t> now{
      centres_.data_ptr(), centres_._version() + concentrations_._version() + heights_._version()};
  const std::lock_guard lock(mutex_);
  if (!near_ || seen_ != now) {
    near_ = std::make_shared<NearCentres>(centres_, concentrations_, heights_);
    seen_ = now;
  }
  return near_;
}

torch::Tensor Bumps::by_operators(const torch::Tensor& x) const {
  const auto y = x.to(torch::kDouble), c = centres_.to(torch::kDouble);
  const auto squares = (y.square().sum(1, true) + c.square().sum(1) - 2 * y.matmul(c.t())).clamp_min(0);
  const auto bumps = (squares * (-0.5 * concentrations_.to(torch::kDouble))).exp();
  return -bumps.matmul(heights_.to(torch::kDouble) * coefficients_.to(torch::kDouble)).to(x.scalar_type());
}

torch::Tensor Bumps::near_values(const torch::Tensor& x) {
  const auto near = near_centres();
  const auto a = in_order(*near, coefficients_);
  const auto values = torch::empty({x.size(0)}, torch::kDouble);
  for_each_row(*near, x, [&](std::int64_t, std::int64_t i, const double* row, NearCentres::Search& search) {
    double sum = 0;
    search(row, [&](const NearCentres::Run& run) {
      sum += sum_of_products(a.data_ptr<double>() + run.first, run.values, run.count);
    });
    values.data_ptr<double>()[i] = -sum;
  });
  return values.to(x.scalar_type());
}

torch::Tensor Bumps::forward(const torch::Tensor& x) {
  const bool graph = torch::GradMode::is_enabled() && (x.requires_grad() || coefficients_.requires_grad());
  if (graph || torch::jit::tracer::isTracing() || !x.device().is_cpu()) return by_operators(x);
  return near_values(x);
}

std::pair<torch::Tensor, torch::Tensor> Bumps::value_and_gradient(const torch::Tensor& x) {
  if (!x.device().is_cpu()) return Energy::value_and_gradient(x);
  const torch::NoGradGuard no_grad;
  const auto near = near_centres();
  const auto d = near->dimension();
  const auto a = in_order(*near, coefficients_);
  const auto values = torch::empty({x.size(0)}, torch::kDouble);
  const auto gradients = torch::zeros({x.size(0), d}, torch::kDouble);
  for_each_row(*near, x, [&](std::int64_t, std::int64_t i, const double* row, NearCentres::Search& search) {
    double sum = 0;
    double* gradient = gradients.data_ptr<double>() + i * d;
    std::vector<double> terms;
    search(row, [&](const NearCentres::Run& run) {
      // ∇E = κ Σ a φ (x - c), and a run has one κ.
      terms.resize(run.count);
      double part = 0;
      for (std::size_t n = 0; n < run.count; ++n) {
        terms[n] = a.data_ptr<double>()[run.first + n] * run.values[n];
        part += terms[n];
      }
      const double kappa = near->concentration(run.first);
      for (std::int64_t k = 0; k < d; ++k) {
        const double* centres = near->centres(k) + run.first;
        double slope = 0;
        for (std::size_t n = 0; n < run.count; ++n) slope += terms[n] * (row[k] - centres[n]);
        gradient[k] += kappa * slope;
      }
      sum += part;
    });
    values.data_ptr<double>()[i] = -sum;
  });
  return {values.to(x.scalar_type()), gradients.to(x.scalar_type())};
}

torch::Tensor Bumps::gradient(const torch::Tensor& x) { return value_and_gradient(x).second; }

void Bumps::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  if (!x.device().is_cpu()) return Energy::accumulate_gradient(x, weight);
  if (!coefficients_.requires_grad()) return;
  const torch::NoGradGuard no_grad;
  const auto near = near_centres();
  const auto w = weight.to(torch::kDouble).contiguous();
  const auto sums = torch::zeros({shard_count(x.size(0), 64), near->order().size(0)}, torch::kDouble);
  for_each_row(*near, x,
               [&](std::int64_t shard, std::int64_t i, const double* row, NearCentres::Search& search) {
                 double* const sum = sums.data_ptr<double>() + shard * sums.size(1);
                 const double factor = w.data_ptr<double>()[i];
                 search(row, [&](const NearCentres::Run& run) {
                   for (std::size_t n = 0; n < run.count; ++n) sum[run.first + n] -= factor * run.values[n];
                 });
               });
  complete_shards(x.size(0), {sums});
  const auto gradient = torch::zeros({coefficients_.size(0)}, torch::kDouble);
  gradient.index_copy_(0, near->order(), sums.sum(0));
  add_gradient(coefficients_, gradient.to(coefficients_.scalar_type()));
}

}  // namespace ebm
