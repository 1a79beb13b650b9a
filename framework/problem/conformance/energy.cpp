#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/problem/conformance/lockstep.hpp"
#include "dualebm/framework/problem/conformance/slopes.hpp"
#include "dualebm/framework/problem/conformance/tools.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"

namespace ebm {
namespace {

/// What `forward` gives: its shape and dtype, and whether it is the same however it is called.
class ForwardCheck {
 public:
  /// @param training  whether the energy is in training mode
  ForwardCheck(Energy& energy, const torch::Tensor& points, bool training, Conformance& result)
      : energy_(energy),
        points_(points),
        together_(!energy.row_parallel()),
        training_(training),
        tolerance_(points.scalar_type() == torch::kDouble ? 1e-9 : 1e-4),
        result_(result) {}

  /// Whether all was found in order; what comes later builds on what comes first.
  bool run() {
    return gives_energies(batch) &&
           (together_ || (gives_energies(1) && repeats() && splits() && shares_nothing()));
  }

 private:
  torch::Tensor energies(std::int64_t begin, std::int64_t end) const {
    const torch::AutoGradMode enable(true);
    return energy_.forward(points_.narrow(0, begin, end - begin).detach().requires_grad_(true)).detach();
  }

  bool fail(const std::string& what, std::string advice) const {
    result_.failures.push_back({what + (training_ ? " in training mode" : ""), std::move(advice)});
    return false;
  }

  bool gives_energies(std::int64_t count) const {
    torch::Tensor found;
    try {
      found = energies(0, count);
    } catch (...) {
      return fail(fmt::format("forward fails on {} points {}: {}",
                              points_.scalar_type() == torch::kDouble ? "float64" : "float32",
                              conformance::shape(points_.narrow(0, 0, count)),
                              conformance::text_of(std::current_exception())),
                  "forward takes points [N, d] of the dtype of its parameters, for every N");
    }
    if (found.sizes() != torch::IntArrayRef({count})) {
      const bool column = found.dim() == 2 && found.size(0) == count && found.size(1) == 1;
      return fail(
          fmt::format("forward gives {} for points [{}, {}], where one energy a point is asked for, [{}]",
                      conformance::shape(found), count, points_.size(1), count),
          column ? "end it with .squeeze(1)"
          : found.dim() == 0
              ? "sum over dimension 1 alone, as in .sum(1), and write .squeeze(1) for .squeeze()"
              : "sum over what is left of the coordinates, as in .flatten(1).sum(1)");
    }
    if (found.scalar_type() != points_.scalar_type()) {
      return fail(fmt::format("forward gives {} for points of {}", c10::toString(found.scalar_type()),
                              c10::toString(points_.scalar_type())),
                  "make every tensor of forward with x.options(), as in torch::ones({3}, x.options()), and "
                  "those of the constructor with context.tensor_options");
    }
    if (!found.isfinite().all().item<bool>()) {
      return fail("forward gives energies that are not finite on points of the domain",
                  "look for a logarithm or a root of zero, or a division by zero");
    }
    return true;
  }

  bool repeats() const {
    if (conformance::difference(energies(0, batch), energies(0, batch)) == 0) return true;
    return fail("forward gives other energies when it is called again on the same points: it draws or counts",
                "if that is meant, as with dropout or noise, add bool row_parallel() const override { return "
                "!is_training(); }, or { return false; } if it draws in evaluation mode too");
  }

  bool splits() const {
    const auto parts = at::cat({energies(0, 1), energies(1, 6), energies(6, batch)});
    const double apart = conformance::difference(parts, energies(0, batch));
    if (apart <= tolerance_) return true;
    return fail(
        fmt::format("the energy of a point depends on the other points of its batch (by {:.2g} of its size)",
                    apart),
        "take means, norms and sums over dimension 1 instead of 0; if it is meant, as with batch "
        "normalisation, add bool row_parallel() const override { return !is_training(); }");
  }

  /// The two threads have batches of different sizes, so that a size that is kept shows too.
  bool shares_nothing() const {
    // A device has threads of its own, and forward one; what is kept is kept in either mode.
    if (!points_.device().is_cpu() || training_) return true;
    const auto first = energies(0, 8), second = energies(8, batch);
    torch::Tensor first_beside, second_beside;
    const auto beside = [&] {
      in_lockstep([&] { first_beside = energies(0, 8); }, [&] { second_beside = energies(8, batch); });
    };
    std::string problem;
    try {
      if (!survives(beside)) return keeps("crashes");
      beside();
      const double apart = std::max(conformance::difference(first_beside, first),
                                    conformance::difference(second_beside, second));
      if (apart <= tolerance_) return true;
      problem = fmt::format("gives other energies (by {:.2g} of their size)", apart);
    } catch (...) {
      problem = "fails: " + conformance::text_of(std::current_exception());
    }
    return keeps(problem);
  }

  bool keeps(const std::string& problem) const {
    return fail("forward " + problem + " when two threads call it at once: it keeps something in a member",
                "turn the members that forward assigns to into its local variables (const auto h = ...)");
  }

  static constexpr std::int64_t batch = 13;  // points, cut into 1, 5 and 7

  Energy& energy_;
  const torch::Tensor& points_;
  bool together_;
  bool training_;
  double tolerance_;
  Conformance& result_;
};

bool is_deterministic(Energy& energy, const torch::Tensor& points) {
  const torch::NoGradGuard no_grad;
  return energy.forward(points).equal(energy.forward(points));
}

}  // namespace

Conformance check(Energy& energy, const Domain& domain, Random& random) {
  Conformance result{.subject = conformance::class_name(energy), .failures = {}};
  const conformance::Kept kept(energy);
  const auto options = tensor_options_of(energy, torch::kFloat);
  const auto points = [&] {
    const torch::NoGradGuard no_grad;
    return domain.sample_base(64, random, options).detach();
  }();
  const EvaluationMode mode(energy);
  if (!ForwardCheck(energy, points, /*training=*/false, result).run()) return result;
  if (is_deterministic(energy, points)) {
    conformance::check_slopes_in_x(energy, domain, points, random, result);
    if (result.holds()) conformance::check_slopes_in_parameters(energy, points, random, result);
  }
  if (!result.holds()) return result;
  energy.train();
  ForwardCheck(energy, points, /*training=*/true, result).run();
  return result;
}

}  // namespace ebm
