#include <ATen/ATen.h>
#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/problem/conformance/tools.hpp"

namespace ebm {
namespace {

class DomainCheck {
 public:
  DomainCheck(const Domain& domain, Random& random, Conformance& result)
      : domain_(domain), random_(random), result_(result) {}

  void run() {
    const torch::NoGradGuard no_grad;
    points_ = domain_.sample_base(64, random_, torch::kDouble);
    if (points_.sizes() != torch::IntArrayRef({64, domain_.dimension()})) {
      return fail(fmt::format("sample_base gives {} for 64 points", conformance::shape(points_)),
                  fmt::format("a point has dimension() = {} coordinates", domain_.dimension()));
    }
    step_ = random_.normal(points_.sizes(), points_.options());
    if (stays()) agrees();
    knows_coordinates();
    knows_geodesics();
  }

 private:
  void fail(std::string what, std::string advice) {
    result_.failures.push_back({std::move(what), std::move(advice)});
  }

  static bool same(const torch::Tensor& a, const torch::Tensor& b) {
    return a.sizes() == b.sizes() && conformance::difference(a, b) <= 1e-9;
  }

  /// A point on the domain stays where it is; one off it is on it afterwards.
  bool stays() {
    if (!same(domain_.retract(points_), points_)) {
      fail("retract moves points that sample_base draws",
           "both are to know the same domain; end sample_base with retract");
      return false;
    }
    const auto rule = domain_.quadrature(8);
    if (rule && !same(domain_.retract(rule->points), rule->points)) {
      fail("retract moves the nodes of quadrature", "both are to know the same domain");
    }
    const auto once = domain_.retract(points_ + step_);
    if (!same(domain_.retract(once), once)) {
      fail("retract leaves the domain: done twice it goes elsewhere than done once",
           "retract(y) is a point of the domain, which it leaves where it is");
      return false;
    }
    return true;
  }

  /// Rows in memory, and the tangent space: a step along v and one along its projection end at the same place
  /// but for terms of second order.
  void agrees() {
    const auto far = points_ + step_;
    const auto rows = far.clone();
    domain_.retract_rows({rows.data_ptr<double>(), rows.size(0), rows.size(1)});
    if (!same(rows, domain_.retract(far))) {
      fail("retract_rows goes elsewhere than retract", "mend the override, or leave it out");
    }
    const auto projected = domain_.to_tangent(points_, step_);
    if (!same(domain_.to_tangent(points_, projected), projected)) {
      fail("to_tangent is no projection: done twice it gives another vector",
           "take the part of v that is normal at x away");
    }
    constexpr double h = 1e-5;
    const auto apart = (domain_.retract(points_ + h * step_) - domain_.retract(points_ + h * projected)) / h;
    const auto size = step_.norm(2, 1).max().item<double>();
    // A coordinate that comes round between the two is a rare thing; a wrong projection is not.
    if (apart.norm(2, 1).gt(1e-2 * size).to(torch::kDouble).mean().item<double>() > 0.25) {
      fail("retract and to_tangent belong to different domains: retract keeps what to_tangent takes away",
           "retract(y) is the nearest point of the domain, to first order");
    }
  }

  void knows_coordinates() {
    const auto count = static_cast<std::int64_t>(domain_.coordinates().size());
    const auto numbers = domain_.coordinates_of(points_);
    if (numbers.dim() != 2 || numbers.size(1) != count) {
      return fail(fmt::format("coordinates_of gives {} for 64 points", conformance::shape(numbers)),
                  fmt::format("coordinates() has {} of them", count));
    }
    if (!same(domain_.points_at(numbers), points_)) {
      fail("points_at does not undo coordinates_of", "both are to know the same coordinates");
    }
    if (!domain_.has_own_coordinates() && !(same(numbers, points_))) {
      fail("coordinates_of changes numbers, and has_own_coordinates says that it does not",
           "override has_own_coordinates too");
    }
  }

  /// Back and forth, at the same speed, on the domain; what Metropolis' rule takes for granted.
  void knows_geodesics() {
    const auto velocity = domain_.to_tangent(points_, step_);
    const auto time = torch::full({1}, 0.7, points_.options());
    Flow there;
    try {
      there = domain_.geodesic(points_, velocity, time);
    } catch (const UserError&) {
      return;  // curved, and it does not say how: exact kernels refuse it in the same words
    }
    auto back = domain_.geodesic(there.positions, -there.velocities, time);
    if (there.reversible.defined()) {
      const auto rows = there.reversible.unsqueeze(1);
      back.positions = torch::where(rows, back.positions, points_);
      back.velocities = torch::where(rows, back.velocities, -velocity);
    }
    if (!same(domain_.retract(there.positions), there.positions)) {
      fail("geodesic leaves the domain", "end it with retract");
    }
    if (!same(back.positions, points_) || !same(back.velocities, -velocity)) {
      fail("geodesic does not lead back when the velocity is turned about",
           "turn the velocity along with the way, or leave rows out by `reversible`");
    }
    if (!same(there.velocities.norm(2, 1), velocity.norm(2, 1))) {
      fail("geodesic changes the speed", "turn the velocity without stretching it");
    }
  }

  const Domain& domain_;
  Random& random_;
  Conformance& result_;
  torch::Tensor points_, step_;
};

std::string class_of(const Domain& domain) {
  const auto& type = typeid(domain);
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr), std::free);
  const std::string full = text ? text.get() : type.name();
  const auto colon = full.rfind("::");
  return colon == std::string::npos ? full : full.substr(colon + 2);
}

}  // namespace

Conformance check(const Domain& domain, Random& random) {
  Conformance result{.subject = class_of(domain), .failures = {}};
  DomainCheck(domain, random, result).run();
  return result;
}

}  // namespace ebm
