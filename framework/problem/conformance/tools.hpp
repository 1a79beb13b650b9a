#pragma once

#include <torch/nn/module.h>

#include <exception>
#include <string>
#include <vector>

#include "dualebm/framework/problem/parameters.hpp"

namespace ebm::conformance {

/// The name of a module's class without the namespaces around it: "Bumps".
std::string class_name(const torch::nn::Module& module);

/// "[13, 1]"
std::string shape(const torch::Tensor& tensor);

/// What an exception of the user's says; an exception of LibTorch's without its backtrace.
std::string text_of(const std::exception_ptr& exception);

/// max |found - expected| / max(1, |expected|): energies are measured by one nat at least. Infinite where
/// shapes differ or one is not a number.
double difference(const torch::Tensor& found, const torch::Tensor& expected);

/// ‖found - expected‖₂ / (‖found‖₂ + ‖expected‖₂ + floor).
double distance(const torch::Tensor& found, const torch::Tensor& expected, double floor = 0);

/// The part of the entries at which a central difference and the slope that autograd gives for it are no
/// rounding, no curvature and no kink apart.
/// @param noise  absolute rounding of the difference
double part_off(const torch::Tensor& difference, const torch::Tensor& slope, double noise);

bool is_double(const torch::Tensor& points);

/// Of a central difference, in units of what is moved: where curvature and rounding cost about the same.
double difference_step(const torch::Tensor& points);

/// What a difference of two of these energies may be off by rounding alone.
double rounding(const torch::Tensor& energies);

/// While one lives, a check may change the parameters, buffers and gradients of a module and draw from
/// LibTorch's generator; at the end all is as it was, to the bit.
class Kept final {
 public:
  /// @param module  outlives it
  explicit Kept(torch::nn::Module& module);
  ~Kept();
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

 private:
  struct Tensors {
    torch::Tensor live, value, gradient;
  };
  std::vector<Tensors> tensors_;
  torch::Device device_;
  torch::Tensor generator_;
};

}  // namespace ebm::conformance
