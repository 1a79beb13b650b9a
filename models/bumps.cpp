#include "dualebm/models/bumps.hpp"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/framework/problem/gradients.hpp"

namespace ebm {
namespace {

struct Rows64 {
  torch::Tensor tensor;
  explicit Rows64(const torch::Tensor& x) : tensor(x.detach().to(torch::kDouble).contiguous()) {}
  const double* row(std::int64_t i) const { return tensor.data_ptr<double>() + i * tensor.size(1); }
};

/// Calls body(shard, i, row, search) for every row, where search(row, ...) goes over the bumps near it.
template <class Body>
void for_each_row(const NearCentres& near, const torch::Tensor& x, Body body) {
  TORCH_CHECK(x.dim() == 2 && x.size(1) == near.dimension(), "bumps: points of shape ", x.sizes(),
              ", not [N, ", near.dimension(), "]");
  const Rows64 rows(x);
  for_each_shard(
      x.size(0),
      [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
        NearCentres::Search search(near);
        for (auto i = begin; i < end; ++i) body(shard, i, rows.row(i), search);
      },
      64);
}

double least_of(const std::vector<double>& numbers) {
  return *std::min_element(numbers.begin(), numbers.end());
}

void describe_shape(Fields& fields, double& height_power, std::string& profile) {
  fields.number("height_power", height_power, Range::between(-2, 2),
                "r of the heights (κ/κ_min)^r: the larger, the less a ridge penalty holds sharp bumps down");
  fields.choice("profile", profile, {"gaussian", "compact"},
                "of a bump: exp(-t), or (1 - t/8)⁸, zero beyond four widths and faster");
}

BumpProfile profile_named(const std::string& name) {
  return name == "compact" ? BumpProfile::compact : BumpProfile::gaussian;
}

torch::Tensor points_of(const EnergyContext& context) {
  if (!context.points.defined()) return {};
  return context.points.detach().to(torch::kCPU, torch::kDouble).contiguous();
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
  describe_shape(fields, height_power, profile);
}

void Bumps::EllipticOptions::describe(Fields& fields) {
  fields.numbers("concentrations", concentrations, Range::positive(),
                 "κ of each scale; a bump of κ is κ^-1/2 wide across, in units of x after the transforms");
  fields.number("elongation", elongation, Range::between(1, 100), "how many times as long as wide, at most");
  fields.number("spacing", spacing, Range::positive(),
                "least distance of the centres of one κ, in half axes of the bumps taken before");
  fields.integer("most_centres", most_centres, Range::at_least(1), "centres at training points, for each κ");
  describe_shape(fields, height_power, profile);
}

Bumps::Bumps(const EnergyContext& context, const Options& given) : profile_(profile_named(given.profile)) {
  const auto options = checked(given, "gaussian_bumps");
  require_a_place(context, options.concentrations, "gaussian_bumps");
  const bool globe = context.domain->picture() == Picture::globe;
  BumpPlaceList list(context.domain->dimension(), least_of(options.concentrations), options.height_power,
                     /*elliptic=*/false);
  const auto points = points_of(context);
  for (const double kappa : options.concentrations) {
    const double width = 1 / std::sqrt(kappa);
    const bool lattice = globe && kappa <= options.lattice_below;
    const auto room = lattice ? lattice_size(width) : options.most_centres;
    torch::Tensor found;
    if (lattice) found = fibonacci_lattice(room);
    if (!lattice && points.defined()) found = thinned(points, options.spacing * width, room);
    list.add(kappa, room, {found, {}});
  }
  stand_at(list.joined(), context.tensor_options);
}

Bumps::Bumps(const EnergyContext& context, const EllipticOptions& given)
    : profile_(profile_named(given.profile)) {
  const auto options = checked(given, "elliptic_bumps");
  require_a_place(context, options.concentrations, "elliptic_bumps");
  const auto& domain = *context.domain;
  require(directions_at_a_point(domain) >= 2,
          "energy.name: elliptic_bumps need two directions to lie in, and the domain {} has one; take "
          "gaussian_bumps",
          domain.name());
  BumpPlaceList list(domain.dimension(), least_of(options.concentrations), options.height_power,
                     /*elliptic=*/true);
  const auto points = points_of(context);
  for (const double kappa : options.concentrations) {
    Ellipses found;
    if (points.defined())
      found = thinned_ellipses(points, domain, 1 / std::sqrt(kappa), options.elongation, options.spacing,
                               options.most_centres);
    list.add(kappa, options.most_centres, found);
  }
  stand_at(list.joined(), context.tensor_options);
}

void Bumps::stand_at(const BumpPlaces& places, const torch::TensorOptions& options) {
  const auto device = options.device();
  centres_ = register_buffer("centres", places.centres.to(device));
  concentrations_ = register_buffer("concentrations", places.concentrations.to(device));
  heights_ = register_buffer("heights", places.heights.to(device));
  if (places.axes.defined()) axes_ = register_buffer("axes", places.axes.to(device));
  coefficients_ = register_parameter("coefficients", torch::zeros({centres_.size(0)}, options));
}

std::shared_ptr<const NearCentres> Bumps::near_centres() {
  const auto axes_version = axes_.defined() ? axes_._version() : 0;
  const std::pair<const void*, std::int64_t> now{
      centres_.data_ptr(),
      centres_._version() + concentrations_._version() + heights_._version() + axes_version};
  const std::lock_guard lock(mutex_);
  if (!near_ || seen_ != now) {
    near_ = std::make_shared<NearCentres>(profile_, centres_, concentrations_, heights_, axes_);
    seen_ = now;
  }
  return near_;
}

torch::Tensor Bumps::by_operators(const torch::Tensor& x) const {
  const auto y = x.to(torch::kDouble), c = centres_.to(torch::kDouble);
  auto squares = y.square().sum(1, true) + c.square().sum(1) - 2 * y.matmul(c.t());
  if (axes_.defined()) {
    const auto v = axes_.to(torch::kDouble);
    squares = squares - (y.matmul(v.t()) - (c * v).sum(1)).square();
  }
  const auto t = squares.clamp_min(0) * (0.5 * concentrations_.to(torch::kDouble));
  const auto bumps =
      profile_ == BumpProfile::gaussian ? (-t).exp() : (1 - t / compact_end).clamp_min(0).pow(compact_end);
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
      // ∇E = -κ Σ a s φ' (x - c - <v, x - c> v), and a run has one κ.
      const double* coefficients = a.data_ptr<double>() + run.first;
      terms.resize(run.count);
      for (std::size_t n = 0; n < run.count; ++n) terms[n] = coefficients[n] * run.slopes[n];
      sum += sum_of_products(coefficients, run.values, run.count);
      const double kappa = near->concentration(run.first);
      for (std::int64_t k = 0; k < d; ++k) {
        const double* centres = near->centres(k) + run.first;
        double slope = 0;
        for (std::size_t n = 0; n < run.count; ++n) slope += terms[n] * (row[k] - centres[n]);
        if (near->elliptic()) {
          const double* axes = near->axes(k) + run.first;
          for (std::size_t n = 0; n < run.count; ++n) slope -= terms[n] * run.along[n] * axes[n];
        }
        gradient[k] += kappa * slope;
      }
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
  TORCH_CHECK(weight.dim() == 1 && weight.size(0) == x.size(0), "bumps: weights of shape ", weight.sizes(),
              " for ", x.size(0), " points");
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
