#include "dualebm/models/perceptron/network.hpp"

#include <algorithm>

namespace ebm::perceptron {

template <class Real>
void Lines<Real>::operator+=(const Lines& other) {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    for (std::int64_t k = 0; k < width; ++k) lines_[i].numbers[k] += other.lines_[i].numbers[k];
  }
}

template <class Real>
Panels<Real>::Panels(const Real* matrix, std::int64_t steps, std::int64_t columns, std::int64_t step_stride,
                     std::int64_t column_stride)
    : steps_(steps), columns_(columns), numbers_(steps * padded<Real>(columns)) {
  constexpr auto width = Lines<Real>::width;
  auto* to = numbers_.data();
  for (std::int64_t begin = 0; begin < columns; begin += width) {
    const auto count = std::min(width, columns - begin);
    for (std::int64_t i = 0; i < steps; ++i, to += width) {
      const auto* from = matrix + i * step_stride + begin * column_stride;
      for (std::int64_t k = 0; k < count; ++k) to[k] = from[k * column_stride];
    }
  }
}

template <class Real>
Layer<Real>::Layer(const Real* weight, const Real* b, std::int64_t in, std::int64_t out)
    : forward(weight, in, out, 1, in), backward(weight, out, in, in, 1), bias(out) {
  std::copy_n(b, out, bias.data());
}

template <class Real>
void ParameterSums<Real>::operator+=(const ParameterSums& other) {
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    hidden[l].weight += other.hidden[l].weight;
    hidden[l].bias += other.hidden[l].bias;
  }
  last += other.last;
  last_bias += other.last_bias;
}

template <class Real>
std::int64_t Network<Real>::work() const {
  std::int64_t sum = hidden.back().out();
  for (const auto& layer : hidden) sum += layer.in() * layer.out();
  return sum;
}

template <class Real>
ParameterSums<Real> Network<Real>::no_sums() const {
  ParameterSums<Real> sums{.hidden = {}, .last = Lines<Real>(hidden.back().out())};
  for (const auto& layer : hidden) {
    sums.hidden.push_back(
        {.weight = Lines<Real>(layer.in() * padded<Real>(layer.out())), .bias = Lines<Real>(layer.out())});
  }
  return sums;
}

template class Lines<float>;
template class Lines<double>;
template class Panels<float>;
template class Panels<double>;
template struct Layer<float>;
template struct Layer<double>;
template struct ParameterSums<float>;
template struct ParameterSums<double>;
template std::int64_t Network<float>::work() const;
template std::int64_t Network<double>::work() const;
template ParameterSums<float> Network<float>::no_sums() const;
template ParameterSums<double> Network<double>::no_sums() const;

}  // namespace ebm::perceptron
