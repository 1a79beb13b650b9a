#include "dualebm/framework/export/fidelity.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/module.h>

#include <cmath>
#include <limits>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/export/advice.hpp"
#include "dualebm/framework/export/tracing.hpp"

namespace ebm {
namespace {

using namespace advice;

/// Energies [N] and scores [N, d] of one batch.
struct Values {
  torch::Tensor energy, score;
};

/// The live model; `sampler` asks for the score by the energy's own gradient(), which samplers use.
class Live {
 public:
  Live(Energy& energy, TransformChain& transform)
      : energy_(energy), transform_(transform), log_determinant_(transform.log_determinant()) {}

  Values values(const torch::Tensor& x) const {
    const torch::AutoGradMode enable(true);
    const auto leaf = x.detach().requires_grad_(true);
    const auto y = energy_points(energy_, transform_, leaf);
    const auto value = energy_.forward(y);
    require(value.dim() == 1 && value.size(0) == x.size(0),
            "export: forward must give one energy a point, [{}], and gives {} numbers in {} dimensions",
            x.size(0), value.numel(), value.dim());
    require(
        value.scalar_type() == y.scalar_type(),
        "export: forward gives {} for points of {}: some tensor in it has a dtype of its own; end it with "
        ".type_as(x)",
        c10::toString(value.scalar_type()), c10::toString(y.scalar_type()));
    require(value.requires_grad(), "export: forward is not differentiable, so that there is no score");
    const auto slope = torch::autograd::grad({value.sum()}, {leaf}, {}, c10::nullopt, false, true)[0];
    return {value.detach() - log_determinant_, slope.defined() ? -slope : torch::zeros_like(x)};
  }

  torch::Tensor sampler_score(const torch::Tensor& x) const {
    const torch::AutoGradMode enable(true);
    const auto leaf = x.detach().requires_grad_(true);
    const auto y = energy_points(energy_, transform_, leaf);
    const auto slope = energy_.gradient(y.detach());
    return -(y.requires_grad() ? torch::autograd::grad({y}, {leaf}, {slope})[0] : slope);
  }

 private:
  Energy& energy_;
  TransformChain& transform_;
  double log_determinant_;
};

Values values_of(torch::jit::Module& copy, const torch::Tensor& x) {
  const torch::NoGradGuard no_grad;
  return {copy.forward({x}).toTensor(), copy.get_method("score")({x}).toTensor()};
}

double largest(const torch::Tensor& values) { return values.abs().max().item<double>(); }

/// max |found - expected| / max(|expected|, size); infinite where shapes differ or other numbers are not
/// finite.
double relative_error(const torch::Tensor& found, const torch::Tensor& expected, double size) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (found.sizes() != expected.sizes()) return infinity;
  const auto f = found.to(torch::kDouble), e = expected.to(torch::kDouble);
  const auto finite = e.isfinite();
  const auto same = f.eq(e).logical_or(f.isnan().logical_and(e.isnan()));
  if (!finite.logical_or(same).all().item<bool>()) return infinity;
  const auto difference = (f - e).masked_select(finite);
  if (difference.numel() == 0) return 0;
  const double most = largest(difference);
  if (!std::isfinite(most)) return infinity;
  return most == 0 ? 0 : most / std::max(size, largest(e.masked_select(finite)));
}

/// ‖found - expected‖₂ / ‖expected‖₂ where the expected is finite: blind to a kink that one of the points
/// falls on, which another precision or order of sums may see on its other side.
double relative_distance(const torch::Tensor& found, const torch::Tensor& expected) {
  const auto f = found.to(torch::kDouble), e = expected.to(torch::kDouble);
  const double distance = (f - e).norm().item<double>();
  return distance == 0 ? 0 : distance / e.norm().item<double>();
}

/// Batches that are compared together, at one distance from the origin.
struct Probe {
  double scale;
  std::vector<torch::Tensor> batches;
};

class Comparison {
 public:
  /// Energies are measured by one nat at least: below that their absolute error is what counts.
  /// @param usual  of points as `sample_base` draws them: errors are measured by these where the values
  /// themselves are smaller, as scores are near a minimum, where their terms cancel
  Comparison(torch::jit::Module& copy, const Live& live, const Values& usual, double tolerance)
      : copy_(copy),
        live_(live),
        energy_size_(std::max(1.0, largest(usual.energy))),
        score_size_(largest(usual.score)),
        tolerance_(tolerance) {}

  /// @param reason  why they may differ, if they do
  void operator()(const Probe& probe, const std::string& reason, Fidelity& result) const {
    std::vector<torch::Tensor> energies, scores, live_energies, live_scores;
    for (const auto& x : probe.batches) {
      const auto live = live_.values(x);
      const auto copied = copied_values(x, reason);
      energies.push_back(copied.energy.reshape(-1));
      scores.push_back(copied.score.reshape(-1));
      live_energies.push_back(live.energy);
      live_scores.push_back(live.score.reshape(-1));
      result.points += x.size(0);
    }
    const auto where = fmt::format("batches of {} points, {:g} times as far out as usual",
                                   probe.batches.front().size(0), probe.scale);
    const double energy_error = relative_error(at::cat(energies), at::cat(live_energies), energy_size_);
    require(energy_error <= tolerance_,
            "export: the traced energy differs from the live one by {:.2g} of its size ({}): {}",
            energy_error, where, reason);
    const double score_error = relative_error(at::cat(scores), at::cat(live_scores), score_size_);
    require(score_error <= tolerance_,
            "export: the traced score differs from the live one by {:.2g} of its size, though the energies "
            "agree ({}): {}",
            score_error, where, reason == differentiating ? differentiating : other_backward);
    result.energy_error = std::max(result.energy_error, energy_error);
    result.score_error = std::max(result.score_error, score_error);
  }

 private:
  Values copied_values(const torch::Tensor& x, const std::string& reason) const {
    try {
      return values_of(copy_, x);
    } catch (const std::exception& error) {
      fail("export: the traced energy fails on a batch of {} points ({}): {}", x.size(0), essence(error),
           reason);
    }
  }

  torch::jit::Module& copy_;
  const Live& live_;
  double energy_size_, score_size_, tolerance_;
};

/// Converts the copy to the other precision and compares again, as well as that can tell.
void verify_conversion(torch::jit::Module& copy, const Live& live, const std::vector<torch::Tensor>& batches,
                       const TraceHints& hints, Fidelity& result) {
  const auto own = live.values(batches.front()).energy.scalar_type();
  const auto other = own == torch::kDouble ? torch::kFloat : torch::kDouble;
  const bool transformed = copy.hasattr("transform");
  transformed ? copy.attr("energy").toModule().to(other) : copy.to(other);
  const auto fixed_type =
      fmt::format("it does not follow .to({}): {}", other == torch::kDouble ? "float64" : "float32",
                  fixed_dtype(hints.fixed_dtype));
  for (const auto& x : batches) {
    Values converted;
    try {
      converted = values_of(copy, transformed ? x : x.to(other));
    } catch (const std::exception& error) {
      fail("export: {} ({})", fixed_type, essence(error));
    }
    require(
        converted.energy.scalar_type() == other && (transformed || converted.score.scalar_type() == other),
        "export: {}", fixed_type);
    const auto live_values = live.values(x);
    const double error = relative_distance(converted.energy, live_values.energy);
    require(
        error <= 1e-3 && (x.size(0) < 64 || relative_distance(converted.score, live_values.score) <= 1e-2),
        "export: {} (its energies differ by {:.2g} of their size)", fixed_type, error);
    result.converted_error = std::max(result.converted_error, error);
  }
}

}  // namespace

Fidelity verify_fidelity(torch::jit::Module& copy, Energy& energy, TransformChain& transform,
                         const Domain& domain, const torch::Tensor& traced, const TraceHints& hints) {
  const auto type = traced.scalar_type();
  const Live live(energy, transform);
  require(
      live.values(traced).energy.equal(live.values(traced).energy),
      "export: forward gives other energies when it is called again on the same points: it draws or counts");

  Random random(0, "export");
  const auto fresh = [&](std::int64_t count, double scale) {
    const torch::NoGradGuard no_grad;
    const auto y = domain.retract(scale * domain.sample_base(count, random, traced.options()));
    return transform.inverse(y).to(type);  // both in double where there is a transform
  };
  const auto probe = [&](std::int64_t size, int batches, double scale) {
    Probe result{scale, {}};
    for (int i = 0; i < batches; ++i) result.batches.push_back(fresh(size, scale));
    return result;
  };

  const auto many = fresh(64, 1);
  const auto expected = live.values(many);
  require(expected.energy.isfinite().all().item<bool>() && expected.score.isfinite().all().item<bool>(),
          "export: the live energy or its score is not finite on points drawn from {}",
          domain.base_measure());
  Fidelity result;
  const auto reason = [&](const char* usual) { return hints.differentiates ? differentiating : usual; };
  const bool exact = expected.energy.scalar_type() == torch::kDouble;
  const Comparison compare(copy, live, expected, exact ? 1e-12 : 1e-5);
  compare({1, {traced}}, reason(blind_kernel), result);
  for (const double scale : {1.0, 0.01, 10.0, 100.0}) {
    compare(probe(traced.size(0), 4, scale), reason(value_dependent), result);
  }
  for (const std::int64_t size : {1, 2, 5, 64}) {
    const int batches = size == 1 ? 12 : size == 64 ? 1 : 4;
    for (const double scale : {1.0, 0.01, 10.0, 100.0})
      compare(probe(size, batches, scale), reason(baked_size), result);
  }
  require(
      relative_distance(live.sampler_score(many), expected.score) <= 1e-2,
      "export: gradient() of the energy is not the gradient of its forward, from which the score is made");

  verify_conversion(copy, live,
                    {traced.narrow(0, 0, 1), traced.narrow(0, 0, 2), traced.narrow(0, 0, 5), many}, hints,
                    result);
  return result;
}

void verify_known(torch::jit::Module& copy, const torch::Tensor& points, const torch::Tensor& energies,
                  Fidelity& result) {
  constexpr std::int64_t rows = 4096;
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> found;
  for (const auto& part : points.split(rows)) found.push_back(copy.forward({part}).toTensor());
  const auto all = at::cat(found);
  result.known_points = points.size(0);
  result.known_error = relative_error(all, energies, std::max(1.0, largest(energies)));
  require(
      result.known_error <= (all.scalar_type() == torch::kDouble ? 1e-12 : 1e-5),
      "export: on the points that the run was evaluated on the file gives energies that differ by {:.2g} of "
      "their size from those of the run; is the transform of the run that of its data?",
      result.known_error);
}

}  // namespace ebm
