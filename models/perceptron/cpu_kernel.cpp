#include "dualebm/models/perceptron/cpu_tile.hpp"

namespace ebm::perceptron {
namespace {

/// What both passes do with a tile: its next rows, their layers forward.
template <class V, class Body>
EBM_INLINE void for_each_tile(std::int64_t rows, Body body) {
  for (std::int64_t begin = 0; begin < rows; begin += Tile<V>::most) {
    body(begin, std::min(Tile<V>::most, rows - begin));
  }
}

struct EnergiesAndGradients {
  template <int bytes, class Real>
  static EBM_INLINE void run(const Network<Real>* network, const Real* points, std::int64_t rows,
                             Real* gradients, Real* values) {
    using V = Vectors<Real, bytes>;
    const auto d = network->dimension();
    Tile<V> tile(*network);
    for_each_tile<V>(
        rows, [&](std::int64_t begin, std::int64_t count) __attribute__((always_inline)) {
          tile.take(points + begin * d, count);
          if (gradients) {
            tile.template forward<true>();
            tile.backward(nullptr);
            tile.gradients(gradients + begin * d);
          } else {
            tile.template forward<false>();
          }
          if (values) tile.energies(values + begin);
        });
  }
};

struct ParameterGradients {
  template <int bytes, class Real>
  static EBM_INLINE void run(const Network<Real>* network, const Real* points, const Real* weights,
                             std::int64_t rows, ParameterSums<Real>* sums) {
    using V = Vectors<Real, bytes>;
    Tile<V> tile(*network);
    for_each_tile<V>(
        rows, [&](std::int64_t begin, std::int64_t count) __attribute__((always_inline)) {
          tile.take(points + begin * network->dimension(), count);
          tile.template forward<true>();
          tile.backward(weights + begin);
          tile.add_parameter_gradients(weights + begin, *sums);
        });
  }
};

}  // namespace

template <class Real>
void Network<Real>::operator()(const Real* points, std::int64_t rows, Real* gradients, Real* values) const {
  run_kernel<EnergiesAndGradients>(this, points, rows, gradients, values);
}

template <class Real>
void Network<Real>::add_parameter_gradients(const Real* points, const Real* weights, std::int64_t rows,
                                            ParameterSums<Real>& sums) const {
  run_kernel<ParameterGradients>(this, points, weights, rows, &sums);
}

template void Network<float>::operator()(const float*, std::int64_t, float*, float*) const;
template void Network<double>::operator()(const double*, std::int64_t, double*, double*) const;
template void Network<float>::add_parameter_gradients(const float*, const float*, std::int64_t,
                                                      ParameterSums<float>&) const;
template void Network<double>::add_parameter_gradients(const double*, const double*, std::int64_t,
                                                       ParameterSums<double>&) const;

}  // namespace ebm::perceptron
