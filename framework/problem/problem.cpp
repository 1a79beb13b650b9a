#include "dualebm/framework/problem/problem.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/fingerprint.hpp"

namespace ebm {
namespace {

constexpr std::int64_t slice_numbers = std::int64_t{1} << 22;

/// The first row that holds a number that is not finite, or -1.
std::int64_t first_bad_row(const torch::Tensor& points) {
  const auto rows = std::max<std::int64_t>(1, slice_numbers / std::max<std::int64_t>(1, points.size(1)));
  for (std::int64_t begin = 0; begin < points.size(0); begin += rows) {
    const auto slice = points.narrow(0, begin, std::min(rows, points.size(0) - begin));
    // A sum is finite where all its terms are, and is far cheaper than a mask.
    if (slice.sum(at::kDouble).isfinite().item<bool>()) continue;
    const auto bad = slice.isfinite().logical_not().any(1);
    if (bad.any().item<bool>()) return begin + bad.to(at::kInt).argmax().item<std::int64_t>();
  }
  return -1;
}

/// Says which number of a row is beyond a wall, or that the row lies elsewhere.
[[noreturn]] void refuse_row(const char* name, std::int64_t row, const torch::Tensor& point,
                             const Domain& domain) {
  if (domain.has_walls()) {
    const auto numbers = domain.coordinates_of(point.unsqueeze(0)).to(torch::kCPU, torch::kDouble);
    const auto ranges = domain.coordinates();
    for (std::size_t k = 0; k < ranges.size(); ++k) {
      const double value = numbers[0][static_cast<std::int64_t>(k)].item<double>();
      require(
          !ranges[k].walled() || (value >= ranges[k].low && value <= ranges[k].high),
          "dataset: coordinate {} of row {} of the {} points is {:g}, and the domain {} allows [{:g}, {:g}] "
          "(rows are counted from 0, after the split)",
          k, row, name, value, domain.name(), ranges[k].low, ranges[k].high);
    }
  }
  fail(
      "dataset: row {} of the {} points is no point of the domain {}: `retract` takes it elsewhere (rows are "
      "counted from 0, after the split)",
      row, name, domain.name());
}

/// Chains never visit what lies outside the domain, so that a point there is a mistake.
void require_inside(const char* name, const torch::Tensor& points, const Domain& domain) {
  const auto rows = std::max<std::int64_t>(1, slice_numbers / std::max<std::int64_t>(1, points.size(1)));
  for (std::int64_t begin = 0; begin < points.size(0); begin += rows) {
    const auto slice = points.narrow(0, begin, std::min(rows, points.size(0) - begin));
    const auto outside = domain.contains(slice).logical_not();
    if (!outside.any().item<bool>()) continue;
    const auto row = outside.to(at::kInt).argmax().item<std::int64_t>();
    refuse_row(name, begin + row, slice[row], domain);
  }
}

void require_part(const char* name, const torch::Tensor& points, const Domain& domain, const Dataset& data) {
  if (!points.defined()) return;
  require(points.dim() == 2 && points.size(1) == domain.dimension(),
          "domain.dimension: {}, but the {} points are a tensor of {} numbers in {} rows", domain.dimension(),
          name, points.numel(), points.dim() > 0 ? points.size(0) : 0);
  require(points.is_floating_point(),
          "problem: the {} points are of type {}; points are floating-point numbers", name,
          c10::toString(points.scalar_type()));
  require(points.scalar_type() == data.train.scalar_type() && points.device() == data.train.device(),
          "problem: the {} points are {} on {}, the training points {} on {}; take one for all", name,
          c10::toString(points.scalar_type()), points.device().str(), c10::toString(data.train.scalar_type()),
          data.train.device().str());
  if (domain.has_walls() && data.mapped) require_inside(name, points, domain);
  if (data.mapped) return;
  const auto row = first_bad_row(points);
  require(row < 0,
          "problem: row {} of the {} points holds a number that is not finite (rows are counted from 0)", row,
          name);
  require_inside(name, points, domain);
}

void add_to(Fingerprint& fingerprint, const torch::Tensor& points, bool mapped) {
  if (!points.defined()) return fingerprint.add("none", 4);
  for (const auto size : points.sizes()) fingerprint.add(&size, sizeof size);
  constexpr std::int64_t seen = 1000;
  const bool whole = !mapped || points.size(0) <= 2 * seen;
  const std::vector<torch::Tensor> pieces =
      whole ? std::vector<torch::Tensor>{points}
            : std::vector<torch::Tensor>{points.narrow(0, 0, seen),
                                         points.narrow(0, points.size(0) - seen, seen)};
  for (const auto& piece : pieces) {
    const auto dense = piece.cpu().contiguous();
    fingerprint.add(dense.data_ptr(), dense.nbytes());
  }
}

}  // namespace

const std::string& Problem::fingerprint() const {
  std::call_once(hashed_, [this] {
    Fingerprint fingerprint;
    for (const auto& part : {data_.train, data_.validation, data_.test})
      add_to(fingerprint, part, data_.mapped);
    fingerprint_ = fingerprint.text();
  });
  return fingerprint_;
}

Problem::Problem(std::shared_ptr<const Domain> domain, Dataset data)
    : domain_(std::move(domain)), data_(std::move(data)) {
  require(domain_ != nullptr, "problem: there is no domain");
  require(data_.train.defined() && data_.train.dim() > 0 && data_.train.size(0) > 0,
          "problem: the training set is empty");
  require_part("training", data_.train, *domain_, data_);
  require_part("validation", data_.validation, *domain_, data_);
  require_part("test", data_.test, *domain_, data_);
}

}  // namespace ebm
