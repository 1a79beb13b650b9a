#include "dualebm/framework/compute/normals.hpp"

#include <algorithm>
#include <utility>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/normal_kernels.hpp"

namespace ebm {

Normals::Normals(torch::Tensor recorded) : recorded_(std::move(recorded)) {
  require(recorded_.defined() && recorded_.device().is_cpu() && recorded_.is_contiguous() &&
              (recorded_.scalar_type() == torch::kFloat || recorded_.scalar_type() == torch::kDouble),
          "recorded normals must be a contiguous tensor of float or double on the CPU");
}

template <class Real>
void Normals::replay(std::int64_t begin, std::int64_t count, Real* out) const {
  require(begin + count <= recorded_.numel(), "recorded normals: {} ... {} were asked for, {} are there",
          begin, begin + count - 1, recorded_.numel());
  const auto copy = [&](const auto* numbers) {
    std::transform(numbers + begin, numbers + begin + count, out,
                   [](auto x) { return static_cast<Real>(x); });
  };
  if (recorded_.scalar_type() == torch::kFloat) {
    copy(recorded_.data_ptr<float>());
  } else {
    copy(recorded_.data_ptr<double>());
  }
}

template <class Real>
void Normals::fill_any(std::int64_t begin, std::int64_t count, Real* out) const {
  require(begin >= 0 && count >= 0, "normals: a part from {} of length {}", begin, count);
  if (recorded_.defined()) return replay(begin, count, out);
  constexpr auto size = group_size<Real>;
  while (count > 0) {
    const auto group = static_cast<std::uint64_t>(begin / size);
    const auto skipped = begin % size;
    auto done = count - count % size;
    if (skipped == 0 && done > 0) {
      fill_groups(key_, draw_, group, done / size, out);
    } else {
      // Part of a group, at an end.
      Real whole[size];
      fill_groups(key_, draw_, group, 1, whole);
      done = std::min(size - skipped, count);
      std::copy_n(whole + skipped, done, out);
    }
    begin += done;
    count -= done;
    out += done;
  }
}

void Normals::fill(std::int64_t begin, std::int64_t count, float* out) const { fill_any(begin, count, out); }
void Normals::fill(std::int64_t begin, std::int64_t count, double* out) const { fill_any(begin, count, out); }

}  // namespace ebm
