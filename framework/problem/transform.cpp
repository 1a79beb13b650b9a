#include "dualebm/framework/problem/transform.hpp"

#include <ATen/ATen.h>

namespace ebm {

TransformChain::TransformChain(std::vector<std::shared_ptr<Transform>> parts) : parts_(std::move(parts)) {
  for (std::size_t i = 0; i < parts_.size(); ++i) register_module(std::to_string(i), parts_[i]);
}

void TransformChain::fit(const torch::Tensor& train) {
  auto points = train;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i]->fit(points);
    if (i + 1 < parts_.size()) points = parts_[i]->forward(points);
  }
}

torch::Tensor TransformChain::forward(const torch::Tensor& x) {
  auto points = x;
  for (const auto& part : parts_) points = part->forward(points);
  return points;
}

torch::Tensor TransformChain::prepare(const torch::Tensor& x, Random& random) {
  auto points = x;
  for (const auto& part : parts_) points = part->prepare(points, random);
  return points;
}

torch::Tensor TransformChain::inverse(const torch::Tensor& y) {
  auto points = y;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) points = (*part)->inverse(points);
  return points;
}

double TransformChain::log_determinant() const {
  double sum = 0;
  for (const auto& part : parts_) sum += part->log_determinant();
  return sum;
}

}  // namespace ebm
