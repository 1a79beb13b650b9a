#include "dualebm/models/ridge/ridge_sum.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ebm::ridge {
namespace {

struct Term {
  double value, slope, remainder;
};

/// σ, σ' and r at t. @param e  how far the argument may be from t
template <ActivationKind kind>
Term term(double t, double e) {
  if constexpr (kind == ActivationKind::relu) {
    return {std::max(t, 0.0), t > 0 ? 1.0 : 0.0, std::max(0.0, e - std::abs(t))};
  } else if constexpr (kind == ActivationKind::squared_relu) {
    const double positive = std::max(t, 0.0), reached = std::max(0.0, e + std::min(t, 0.0));
    return {positive * positive, 2 * positive, reached * reached};
  } else {
    const double tail = std::exp(-std::abs(t));
    return {std::max(t, 0.0) + std::log1p(tail), (t > 0 ? 1.0 : tail) / (1 + tail), e * e / 8};
  }
}

/// Terms are summed in blocks, in which sums of whole columns are vectors' work.
constexpr std::int64_t block = 256;

template <ActivationKind kind>
void add_block(const double* const* columns, const double* weights, const double* lengths, const double* z,
               std::int64_t dimension, std::int64_t count, double radius, RidgeSum::Jet& sum) {
  std::array<double, block> t{}, slopes{};
  for (std::int64_t k = 0; k < dimension; ++k) {
    const double* column = columns[k];
    for (std::int64_t i = 0; i < count; ++i) t[static_cast<std::size_t>(i)] += column[i] * z[k];
  }
  double value = 0, signed_remainder = 0, remainder = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto [sigma, slope, rest] = term<kind>(t[static_cast<std::size_t>(i)], radius * lengths[i]);
    value += weights[i] * sigma;
    slopes[static_cast<std::size_t>(i)] = weights[i] * slope;
    remainder += std::abs(weights[i]) * rest;
    signed_remainder += weights[i] * rest;
  }
  sum.value += value;
  sum.above += (remainder + signed_remainder) / 2;
  sum.below += (remainder - signed_remainder) / 2;
  for (std::int64_t k = 0; k < dimension; ++k) {
    const double* column = columns[k];
    double part = 0;
    for (std::int64_t i = 0; i < count; ++i) part += slopes[static_cast<std::size_t>(i)] * column[i];
    sum.slope[static_cast<std::size_t>(k)] += part;
  }
}

}  // namespace

RidgeSum::RidgeSum(std::vector<double> columns, std::vector<double> weights, ActivationKind kind)
    : terms_(static_cast<std::int64_t>(weights.size())),
      dimension_(terms_ > 0 ? static_cast<std::int64_t>(columns.size()) / terms_ : 0),
      kind_(kind),
      columns_(std::move(columns)),
      weights_(std::move(weights)),
      lengths_(weights_.size()) {
  for (std::int64_t k = 0; k < dimension_; ++k) {
    for (std::int64_t i = 0; i < terms_; ++i) {
      const double x = columns_[static_cast<std::size_t>(k * terms_ + i)];
      lengths_[static_cast<std::size_t>(i)] += x * x;
    }
  }
  for (auto& length : lengths_) length = std::sqrt(length);
}

RidgeSum::Jet RidgeSum::at(const double* z, double radius) const {
  Jet sum{.value = 0, .slope = std::vector<double>(static_cast<std::size_t>(dimension_))};
  std::vector<const double*> columns(static_cast<std::size_t>(dimension_));
  for (std::int64_t begin = 0; begin < terms_; begin += block) {
    const auto count = std::min(block, terms_ - begin);
    for (std::size_t k = 0; k < columns.size(); ++k)
      columns[k] = columns_.data() + static_cast<std::int64_t>(k) * terms_ + begin;
    const auto add = [&]<ActivationKind kind>() {
      add_block<kind>(columns.data(), weights_.data() + begin, lengths_.data() + begin, z, dimension_, count,
                      radius, sum);
    };
    switch (kind_) {
      case ActivationKind::relu:
        add.operator()<ActivationKind::relu>();
        break;
      case ActivationKind::squared_relu:
        add.operator()<ActivationKind::squared_relu>();
        break;
      case ActivationKind::softplus:
        add.operator()<ActivationKind::softplus>();
        break;
    }
  }
  return sum;
}

}  // namespace ebm::ridge
