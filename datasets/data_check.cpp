#include "dualebm/datasets/data_check.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// The first few of many, and how many there are.
std::string some_of(const std::vector<std::string>& names, const char* one, const char* several) {
  constexpr std::size_t shown = 8;
  const auto count = std::min(names.size(), shown);
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count));
  const auto text = fmt::format("{} {}", names.size() == 1 ? one : several,
                                printable(fmt::format("{}", fmt::join(first, ", ")), 300));
  return names.size() > count ? fmt::format("{}, ... ({} in all)", text, names.size()) : text;
}

class DataCheck {
 public:
  DataCheck(const torch::Tensor& points, std::vector<std::string> columns)
      : points_(points.detach().to(torch::kCPU, torch::kDouble).contiguous()), columns_(std::move(columns)) {
    for (auto column = columns_.size(); column < static_cast<std::size_t>(points_.size(1)); ++column)
      columns_.push_back(fmt::format("x{}", column));
  }

  std::vector<DataFinding> run() {
    if (points_.numel() == 0 || !check_finite()) return findings_;
    mean_ = points_.mean(0);
    const auto centred = points_ - mean_;
    deviation_ = centred.square().mean(0).sqrt();
    check_constant();
    check_counting();
    check_precision();
    check_dependence(centred);
    check_rows();
    return findings_;
  }

 private:
  std::int64_t rows() const { return points_.size(0); }
  std::int64_t width() const { return points_.size(1); }
  const std::string& name(std::int64_t column) const { return columns_[static_cast<std::size_t>(column)]; }

  /// The rest of the checks says nothing where this one fails.
  bool check_finite() {
    const auto bad = points_.isfinite().logical_not();
    const auto count = bad.sum().item<std::int64_t>();
    if (count == 0) return true;
    const auto first = bad.nonzero()[0];
    findings_.push_back({fmt::format("{} numbers that are not finite", count),
                         fmt::format("the first in row {}, column {}", first[0].item<std::int64_t>(),
                                     name(first[1].item<std::int64_t>())),
                         "Leave these rows out."});
    return false;
  }

  void check_constant() {
    constant_.assign(static_cast<std::size_t>(width()), false);
    const auto low = std::get<0>(points_.min(0)), high = std::get<0>(points_.max(0));
    std::vector<std::string> names;
    for (std::int64_t column = 0; rows() > 1 && column < width(); ++column) {
      if (low[column].item<double>() != high[column].item<double>()) continue;
      constant_[static_cast<std::size_t>(column)] = true;
      names.push_back(name(column));
    }
    if (names.empty()) return;
    findings_.push_back({"constant columns", some_of(names, "column", "columns"),
                         "There is no density in such a direction: leave them out with dataset.drop."});
  }

  /// 0, 1, 2, ... or 1, 2, 3, ... in the order of the rows
  void check_counting() {
    constexpr std::int64_t fewest = 10;
    std::vector<std::string> names;
    for (std::int64_t column = 0; rows() >= fewest && column < width(); ++column) {
      const auto numbers = points_.select(1, column);
      if (((numbers - torch::arange(rows(), torch::kDouble)) == numbers[0]).all().item<bool>())
        names.push_back(name(column));
    }
    if (names.empty()) return;
    findings_.push_back({"columns that number the rows", some_of(names, "column", "columns"),
                         "They say nothing of a point: leave them out with dataset.drop."});
  }

  void check_precision() {
    std::vector<std::string> names;
    const auto largest = points_.abs().amax(0);
    for (std::int64_t column = 0; rows() > 1 && column < width(); ++column) {
      if (constant_[static_cast<std::size_t>(column)]) continue;
      const auto size = static_cast<float>(largest[column].item<double>());
      const double step = static_cast<double>(std::nextafter(size, INFINITY)) - static_cast<double>(size);
      constexpr double share = 0.01;
      if (!(step <= share * deviation_[column].item<double>())) names.push_back(name(column));
    }
    if (names.empty()) return;
    findings_.push_back(
        {"spread lost in single precision", some_of(names, "column", "columns"),
         "Add the transform standardise, which works in double precision, or subtract a constant."});
  }

  /// Pivoted Cholesky factorisation of the matrix of correlations: what is left on its diagonal is the share
  /// of variance that the columns chosen before do not explain.
  void check_dependence(const torch::Tensor& centred) {
    constexpr std::int64_t widest = 512;
    constexpr double tolerance = 1e-8;
    if (width() > widest || rows() < 3) return;
    const auto safe = deviation_.clamp_min(1e-300);
    auto matrix = (centred / safe).t().matmul(centred / safe) / rows();
    auto left = matrix.accessor<double, 2>();
    std::vector<bool> done = constant_;
    std::vector<std::int64_t> chosen;
    for (;;) {
      std::int64_t pivot = -1;
      for (std::int64_t column = 0; column < width(); ++column) {
        // Nearly as good as the best: the columns of the file before those that repeat them.
        const bool open = !done[static_cast<std::size_t>(column)] && left[column][column] > tolerance;
        if (open && (pivot < 0 || left[column][column] > 1.5 * left[pivot][pivot])) pivot = column;
      }
      if (pivot < 0 || static_cast<std::int64_t>(chosen.size()) + 1 >= rows()) break;
      done[static_cast<std::size_t>(pivot)] = true;
      chosen.push_back(pivot);
      const auto row = matrix.select(0, pivot).clone();
      matrix.sub_(row.unsqueeze(1) * row / row[pivot].item<double>());
    }
    if (static_cast<std::int64_t>(chosen.size()) + 1 >= rows()) return;  // too few rows to tell
    std::vector<std::string> equal, dependent;
    for (std::int64_t column = 0; column < width(); ++column) {
      if (done[static_cast<std::size_t>(column)]) continue;
      std::int64_t twin = -1;
      for (const auto other : chosen) {
        if (twin < 0 && torch::equal(points_.select(1, column), points_.select(1, other))) twin = other;
      }
      twin < 0 ? dependent.push_back(name(column))
               : equal.push_back(fmt::format("{} = {}", name(column), name(twin)));
    }
    const char* advice =
        "The density is on a surface of fewer dimensions: leave one of each out with dataset.drop.";
    if (!equal.empty()) findings_.push_back({"equal columns", some_of(equal, "columns", "columns"), advice});
    if (!dependent.empty()) {
      findings_.push_back(
          {"nearly dependent columns", some_of(dependent, "column", "columns"),
           "A linear function of other columns to 1e-4 of its spread: leave it out with dataset.drop."});
    }
  }

  void check_rows() {
    const auto size = static_cast<std::size_t>(width());
    const auto* numbers = points_.data_ptr<double>();
    const auto row = [&](std::int64_t at) { return numbers + static_cast<std::size_t>(at) * size; };
    std::vector<std::int64_t> order(static_cast<std::size_t>(rows()));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      for (std::size_t at = 0; at < size; ++at) {
        if (row(a)[at] != row(b)[at]) return row(a)[at] < row(b)[at];
      }
      return a < b;
    });
    std::int64_t repeated = 0, first = 0, second = 0;
    for (std::size_t at = 1; at < order.size(); ++at) {
      if (!std::equal(row(order[at]), row(order[at]) + size, row(order[at - 1]))) continue;
      if (repeated++ == 0 || order[at - 1] < first) first = order[at - 1], second = order[at];
    }
    if (repeated == 0) return;
    findings_.push_back(
        {fmt::format("{} of {} rows repeat another", repeated, rows()),
         fmt::format("rows {} and {}", first, second),
         "A density has no such rows: a point of training may stand in the test part too, and a "
         "long training grows spikes on them; take them out, or add the transform dequantise if "
         "they come from rounding."});
  }

  torch::Tensor points_, mean_, deviation_;
  std::vector<std::string> columns_;
  std::vector<bool> constant_;
  std::vector<DataFinding> findings_;
};

}  // namespace

std::vector<DataFinding> check_data(const torch::Tensor& points, const std::vector<std::string>& columns) {
  require(points.dim() == 2, "check_data: points [n, d] are needed, found {} sides", points.dim());
  return DataCheck(points, columns).run();
}

}  // namespace ebm
