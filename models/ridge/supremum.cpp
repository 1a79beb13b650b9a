#include "dualebm/models/ridge/supremum.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <queue>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/random.hpp"
#include "dualebm/models/ridge/ridge_sum.hpp"

namespace ebm::ridge {
namespace {

using Direction = std::vector<double>;

std::vector<double> numbers_of(const torch::Tensor& tensor) {
  const auto dense = tensor.detach().to(torch::kCPU, torch::kDouble).contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

double norm_of(const Direction& x) {
  double square = 0;
  for (const double number : x) square += number * number;
  return std::sqrt(square);
}

Direction unit(Direction x) {
  const double norm = norm_of(x);
  for (auto& number : x) number /= norm;
  return x;
}

double dot(const Direction& a, const Direction& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

/// What is searched: h seen from one side.
struct Objective {
  const RidgeSum& sum;
  Side side;

  double seen(double h) const { return side == Side::above ? h : side == Side::below ? -h : std::abs(h); }
  /// What the objective may come to where h rises by at most `above` and falls by at most `below`.
  double seen_with(double h, double above, double below) const {
    return side == Side::above ? h + above : side == Side::below ? below - h : std::max(h + above, below - h);
  }
  /// The sign of what a step must do to h there.
  double uphill(double h) const {
    return side == Side::above ? 1 : side == Side::below ? -1 : h < 0 ? -1 : 1;
  }
};

/// The best place that has been looked at.
struct Best {
  double value;
  Direction at;
};

/// Climbs along the tangential gradient with steps that halve where they fail.
Best climb(const Objective& objective, Direction z, int steps) {
  auto jet = objective.sum.at(z.data(), 0);
  Best best{objective.seen(jet.value), z};
  double step = 0.1;
  for (int i = 0; i < steps && step > 1e-9; ++i) {
    const double sign = objective.uphill(jet.value), radial = dot(jet.slope, best.at);
    Direction tangent = jet.slope;
    for (std::size_t k = 0; k < tangent.size(); ++k) tangent[k] = sign * (tangent[k] - radial * best.at[k]);
    const double length = norm_of(tangent);
    if (length < 1e-14) break;
    auto next = best.at;
    for (std::size_t k = 0; k < next.size(); ++k) next[k] += step * tangent[k] / length;
    next = unit(next);
    const auto there = objective.sum.at(next.data(), 0);
    if (objective.seen(there.value) > best.value) {
      best = {objective.seen(there.value), next};
      jet = there;
      step *= 1.5;
    } else {
      step /= 2;
    }
  }
  return best;
}

/// The projection to the sphere of a cell of one face of the cube [-1, 1]^k.
struct Cell {
  std::size_t axis;  ///< of the face
  double sign;       ///< of that coordinate, which is ±1
  Direction centre;  ///< on the face, [k]
  double half;       ///< half a side
  double upper = 0;  ///< what the objective does not exceed there

  /// An arc from the centre to any point of the cell is no longer: a path of length half √(k - 1) on the
  /// face, seen from the origin at its nearest.
  double radius() const {
    double nearest = 1;
    for (std::size_t k = 0; k < centre.size(); ++k) {
      if (k == axis) continue;
      const double distance = std::max(0.0, std::abs(centre[k]) - half);
      nearest += distance * distance;
    }
    return half * std::sqrt(static_cast<double>(centre.size() - 1)) / std::sqrt(nearest);
  }

  std::vector<Cell> halves() const {
    std::vector<Cell> parts{*this};
    for (std::size_t k = 0; k < centre.size(); ++k) {
      if (k == axis) continue;
      const auto count = parts.size();
      for (std::size_t i = 0; i < count; ++i) {
        auto other = parts[i];
        parts[i].centre[k] -= half / 2;
        other.centre[k] += half / 2;
        parts.push_back(other);
      }
    }
    for (auto& part : parts) part.half = half / 2;
    return parts;
  }
};

bool less_promising(const Cell& a, const Cell& b) {
  if (a.upper != b.upper) return a.upper < b.upper;
  return std::tie(a.axis, a.sign, a.centre) < std::tie(b.axis, b.sign, b.centre);
}

/// Branch and bound, see the header.
class Search {
 public:
  Search(const Objective& objective, double tolerance) : objective_(objective), tolerance_(tolerance) {
    const auto k = static_cast<std::size_t>(objective.sum.dimension());
    std::vector<Cell> faces;
    for (std::size_t axis = 0; axis < k; ++axis) {
      for (const double sign : {-1.0, 1.0}) {
        Cell face{.axis = axis, .sign = sign, .centre = Direction(k), .half = 1};
        face.centre[axis] = sign;
        faces.push_back(face);
      }
    }
    best_ = {objective_.seen(objective_.sum.at(unit(faces[0].centre).data(), 0).value),
             unit(faces[0].centre)};
    look_at(std::move(faces));
  }

  Supremum run(double most_terms) {
    while (!queue_.empty() && queue_.top().upper - best_.value > tolerance_ && terms_ < most_terms) {
      std::vector<Cell> parts;
      for (int i = 0; i < 32 && !queue_.empty() && queue_.top().upper > best_.value; ++i) {
        auto halves = queue_.top().halves();
        queue_.pop();
        parts.insert(parts.end(), std::make_move_iterator(halves.begin()),
                     std::make_move_iterator(halves.end()));
      }
      look_at(std::move(parts));
    }
    const double upper = queue_.empty() ? best_.value : std::max(best_.value, queue_.top().upper);
    return {.lower = best_.value,
            .upper = upper,
            .neuron = torch::tensor(best_.at, torch::kDouble),
            .proven = true};
  }

 private:
  void look_at(std::vector<Cell> cells) {
    std::vector<double> values(cells.size());
    for_each_shard(
        static_cast<std::int64_t>(cells.size()),
        [&](std::int64_t, std::int64_t begin, std::int64_t end) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            auto& cell = cells[i];
            const auto z = unit(cell.centre);
            const double radius = cell.radius();
            const auto jet = objective_.sum.at(z.data(), radius);
            const double radial = dot(jet.slope, z), square = dot(jet.slope, jet.slope) - radial * radial;
            values[i] = objective_.seen(jet.value);
            const double slack =
                std::sqrt(std::max(0.0, square)) * radius + std::abs(radial) * radius * radius / 2;
            cell.upper = slack + objective_.seen_with(jet.value, jet.above, jet.below);
          }
        },
        1);
    // A cell itself is worth some terms: where few are summed there would be too many cells.
    terms_ += static_cast<double>(cells.size()) * static_cast<double>(objective_.sum.terms() + 2000);
    const auto highest =
        static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
    if (values[highest] > best_.value) {
      best_ = climb(objective_, unit(cells[highest].centre), 30);
      terms_ += 30 * static_cast<double>(objective_.sum.terms());
    }
    for (auto& cell : cells) {
      if (cell.upper > best_.value) queue_.push(std::move(cell));
    }
  }

  const Objective& objective_;
  double tolerance_;
  double terms_ = 0;
  Best best_;
  std::priority_queue<Cell, std::vector<Cell>, decltype(&less_promising)> queue_{less_promising};
};

/// From many starts, the best of which climb.
Supremum search_locally(const Objective& objective, const torch::Tensor& starts) {
  constexpr std::int64_t drawn = 1000;
  constexpr std::size_t climbers = 16;
  Random random(0, "neurons to look at");
  auto directions = random.normal({drawn, objective.sum.dimension()}, torch::kDouble);
  if (starts.defined()) directions = torch::cat({directions, starts.to(torch::kCPU, torch::kDouble)});
  directions = directions / directions.norm(2, 1, true);
  const auto count = directions.size(0);
  std::vector<Best> found(static_cast<std::size_t>(count));
  const auto each = [&](std::size_t size, const auto& body) {
    for_each_shard(
        static_cast<std::int64_t>(size),
        [&](std::int64_t, std::int64_t begin, std::int64_t end) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) body(i);
        },
        1);
  };
  each(found.size(), [&](std::size_t i) {
    auto z = numbers_of(directions[static_cast<std::int64_t>(i)]);
    const double value = objective.seen(objective.sum.at(z.data(), 0).value);
    found[i] = {value, std::move(z)};
  });
  std::stable_sort(found.begin(), found.end(),
                   [](const Best& a, const Best& b) { return a.value > b.value; });
  found.resize(std::min(found.size(), climbers));
  each(found.size(), [&](std::size_t i) { found[i] = climb(objective, found[i].at, 100); });
  const auto best = std::max_element(found.begin(), found.end(),
                                     [](const Best& a, const Best& b) { return a.value < b.value; });
  return {.lower = best->value, .upper = best->value, .neuron = torch::tensor(best->at, torch::kDouble)};
}

}  // namespace

Supremum supremum(const torch::Tensor& points, const torch::Tensor& weights, const Activation& activation,
                  Side side, double tolerance, const torch::Tensor& starts) {
  const RidgeSum sum(numbers_of(points.t()), numbers_of(weights), activation.kind());
  const Objective objective{sum, side};
  constexpr std::int64_t most_dimensions = 4;
  if (sum.dimension() > most_dimensions) return search_locally(objective, starts);
  // A term of softplus takes some ten times as long.
  return Search(objective, tolerance).run(activation.kind() == ActivationKind::softplus ? 1e7 : 1e8);
}

}  // namespace ebm::ridge
