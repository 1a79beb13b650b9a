#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "dualebm/models/cpu_product.hpp"
#include "dualebm/models/cpu_smooth_activation.hpp"
#include "dualebm/models/perceptron/cpu_parameter_sums.hpp"

namespace ebm::perceptron {

/// What a pass holds of a few rows: activations of all layers, row after row.
template <class V>
class Tile {
 public:
  using Real = typename V::Real;
  using Vector = typename V::Vector;
  static constexpr int bytes = sizeof(Vector);
  static constexpr std::int64_t most = Blocks<bytes>::tile;

  explicit Tile(const Network<Real>& network)
      : network_(network),
        points_(most * network.dimension()),
        gradients_(most * row_stride<Real>(network.dimension())) {
    for (const auto& layer : network.hidden) {
      values_.emplace_back(most * row_stride<Real>(layer.out()));
      slopes_.emplace_back(most * row_stride<Real>(layer.out()));
    }
  }

  /// The next rows. What is computed beyond `count` is of no interest, but finite.
  EBM_INLINE void take(const Real* points, std::int64_t count) {
    const auto d = network_.dimension();
    count_ = count;
    computed_ = (count + 2 * Blocks<bytes>::rows - 1) / (2 * Blocks<bytes>::rows) * (2 * Blocks<bytes>::rows);
    std::copy_n(points, count * d, points_.data());
    std::fill(points_.data() + count * d, points_.data() + computed_ * d, Real{0});
  }

  /// h_l and, where wanted, σ'(u_l) of all layers.
  template <bool wants_slopes>
  EBM_INLINE void forward() {
    const Real* from = points_.data();
    auto stride = network_.dimension();
    for (std::size_t l = 0; l < network_.hidden.size(); ++l) {
      const auto& layer = network_.hidden[l];
      const auto row = row_stride<Real>(layer.out());
      auto* const u = vectors_of<V>(values_[l]);
      const auto* const bias = reinterpret_cast<const Vector*>(layer.bias.data());
      times(
          from, stride,
          layer.forward, [&](std::int64_t i, std::int64_t v, Vector sum) __attribute__((always_inline)) {
            u[i * (row / V::lanes) + v] = sum + bias[v];
          });
      activate<wants_slopes>(l);
      from = values_[l].data();
      stride = row;
    }
  }

  /// E of the rows.
  EBM_INLINE void energies(Real* out) {
    const auto d = network_.dimension();
    const auto row = row_stride<Real>(network_.hidden.back().out()) / V::lanes;
    const auto vectors = used<V>(network_.hidden.back().out());
    const auto* const h = vectors_of<V>(values_.back());
    const auto* const a = reinterpret_cast<const Vector*>(network_.last.data());
    for (std::int64_t begin = 0; begin < count_; begin += V::lanes) {
      Vector sums[V::lanes];
      for (int i = 0; i < V::lanes; ++i) {
        sums[i] = h[(begin + i) * row] * a[0];
        for (std::int64_t v = 1; v < vectors; ++v) sums[i] += h[(begin + i) * row + v] * a[v];
      }
      Real energies[V::lanes];
      V::store(energies, V::sums_of_each(sums));
      for (std::int64_t i = 0; i < V::lanes && begin + i < count_; ++i) {
        const Real* const x = points_.data() + (begin + i) * d;
        Real square = 0;
        for (std::int64_t k = 0; k < d; ++k) square += x[k] * x[k];
        const auto energy = energies[i] + network_.last_bias;
        out[begin + i] = network_.precision > 0 ? energy + square * (network_.precision / 2) : energy;
      }
    }
  }

  /// ∂E/∂u_l of all layers in place of the slopes, times the weights of the rows where there are some.
  EBM_INLINE void backward(const Real* weights) {
    const auto last = network_.hidden.size() - 1;
    const auto row = row_stride<Real>(network_.hidden[last].out()) / V::lanes;
    const auto vectors = used<V>(network_.hidden[last].out());
    auto* const s = vectors_of<V>(slopes_[last]);
    const auto* const a = reinterpret_cast<const Vector*>(network_.last.data());
    for (std::int64_t i = 0; i < computed_; ++i) {
      const auto weight = V::broadcast(!weights ? Real{1} : i < count_ ? weights[i] : Real{0});
      for (std::int64_t v = 0; v < vectors; ++v) s[i * row + v] *= a[v] * weight;
    }
    for (auto l = last; l > 0; --l) {
      const auto below = row_stride<Real>(network_.hidden[l].in()) / V::lanes;
      auto* const out = vectors_of<V>(slopes_[l - 1]);
      times(
          slopes_[l].data(), row_stride<Real>(network_.hidden[l].out()), network_.hidden[l].backward,
          [&](std::int64_t i, std::int64_t v, Vector sum)
              __attribute__((always_inline)) { out[i * below + v] *= sum; });
    }
  }

  /// ∇_x E, after `backward`.
  EBM_INLINE void gradients(Real* out) {
    const auto& first = network_.hidden.front();
    const auto d = network_.dimension(), row = row_stride<Real>(d);
    auto* const sums = vectors_of<V>(gradients_);
    times(
        slopes_[0].data(), row_stride<Real>(first.out()),
        first.backward, [&](std::int64_t i, std::int64_t v, Vector sum) __attribute__((always_inline)) {
          sums[i * (row / V::lanes) + v] = sum;
        });
    for (std::int64_t i = 0; i < count_; ++i) {
      const auto* const from = gradients_.data() + i * row;
      for (std::int64_t k = 0; k < d; ++k) {
        out[i * d + k] =
            network_.precision > 0 ? from[k] + points_.data()[i * d + k] * network_.precision : from[k];
      }
    }
  }

  /// Adds Σ_i weight_i ∇_θ E of the rows, after `backward` with these weights.
  EBM_INLINE void add_parameter_gradients(const Real* weights, ParameterSums<Real>& sums) {
    const Real* from = points_.data();
    auto stride = network_.dimension();
    for (std::size_t l = 0; l < network_.hidden.size(); ++l) {
      add_layer<V>(from, stride, network_.hidden[l], vectors_of<V>(slopes_[l]), count_, sums.hidden[l]);
      from = values_[l].data();
      stride = row_stride<Real>(network_.hidden[l].out());
    }
    add_rows<V>(vectors_of<V>(values_.back()), network_.hidden.back().out(), weights, count_, sums.last);
    for (std::int64_t i = 0; i < count_; ++i) sums.last_bias += weights[i];
  }

 private:
  /// store(i, v, vector v of row i of the product) for the rows that are computed.
  template <class Store>
  EBM_INLINE void times(const Real* a, std::int64_t stride, const Panels<Real>& b, Store store) {
    constexpr int in_line = 64 / bytes, rows = Blocks<bytes>::rows;
    const auto vectors = used<V>(b.columns()), steps = b.steps();
    const auto next = in_line == 1 ? steps : 1;  // from a vector to its neighbour
    for (std::int64_t v = 0; v < vectors; v += 2) {
      const auto* const from = reinterpret_cast<const Vector*>(b.panel(v / in_line)) + v % in_line;
      const auto block = [&]<int high, int wide>(std::int64_t i) __attribute__((always_inline)) {
        product<V, high, wide>(
            a + i * stride, stride, 1, from, in_line, next,
            steps, [&](int k, int q, Vector sum) __attribute__((always_inline)) {
              store(i + k, v + q, sum);
            });
      };
      if (v + 1 < vectors) {
        for (std::int64_t i = 0; i < computed_; i += rows) block.template operator()<rows, 2>(i);
      } else {
        for (std::int64_t i = 0; i < computed_; i += 2 * rows) block.template operator()<2 * rows, 1>(i);
      }
    }
  }

  /// u -> σ(u), and σ'(u) where wanted.
  template <bool wants_slopes>
  EBM_INLINE void activate(std::size_t l) {
    using enum SmoothActivationKind;
    switch (network_.activation) {
      case softplus:
        return activate_by<smooth::Softplus, wants_slopes>(l);
      case silu:
        return activate_by<smooth::Silu, wants_slopes>(l);
      case tanh:
        return activate_by<smooth::Tanh, wants_slopes>(l);
      case gelu:
        return activate_by<smooth::Gelu, wants_slopes>(l);
    }
  }

  template <class Activation, bool wants_slopes>
  EBM_INLINE void activate_by(std::size_t l) {
    const auto row = row_stride<Real>(network_.hidden[l].out()) / V::lanes;
    const auto vectors = used<V>(network_.hidden[l].out());
    auto* const h = vectors_of<V>(values_[l]);
    auto* const s = vectors_of<V>(slopes_[l]);
    for (std::int64_t i = 0; i < computed_; ++i) {
      for (std::int64_t v = i * row; v < i * row + vectors; ++v) {
        Vector value, slope;
        Activation::template at<V, true, wants_slopes>(h[v], value, slope);
        h[v] = value;
        if constexpr (wants_slopes) s[v] = slope;
      }
    }
  }

  const Network<Real>& network_;
  std::int64_t count_ = 0, computed_ = 0;
  Lines<Real> points_, gradients_;
  std::vector<Lines<Real>> values_, slopes_;
};

}  // namespace ebm::perceptron
