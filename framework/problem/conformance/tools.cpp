#include "dualebm/framework/problem/conformance/tools.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>

#include "dualebm/framework/compute/default_generator.hpp"

namespace ebm::conformance {

std::string class_name(const torch::nn::Module& module) {
  const auto& full = module.name();
  const auto colon = full.substr(0, full.find('<')).rfind("::");
  return colon == std::string::npos ? full : full.substr(colon + 2);
}

std::string shape(const torch::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes(), ", "));
}

std::string text_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

double difference(const torch::Tensor& found, const torch::Tensor& expected) {
  if (found.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  if (found.numel() == 0) return 0;
  const auto e = expected.to(torch::kDouble);
  const double most = (found.to(torch::kDouble) - e).abs().max().item<double>();
  const double size = std::max(1.0, e.abs().max().item<double>());
  return std::isfinite(most) ? most / size : std::numeric_limits<double>::infinity();
}

double distance(const torch::Tensor& found, const torch::Tensor& expected, double floor) {
  if (found.sizes() != expected.sizes()) return 1;
  const auto f = found.to(torch::kDouble), e = expected.to(torch::kDouble);
  const double apart = (f - e).norm().item<double>();
  if (apart == 0) return 0;
  return apart / (f.norm().item<double>() + e.norm().item<double>() + floor);
}

double part_off(const torch::Tensor& difference, const torch::Tensor& slope, double noise) {
  const auto d = difference.to(torch::kDouble), s = slope.to(torch::kDouble);
  const auto size = at::maximum(d.abs(), s.abs());
  const auto allowed = 0.05 * size + 0.02 * size.square().mean().sqrt() + noise;
  return (d - s).abs().le(allowed).logical_not().to(torch::kDouble).mean().item<double>();
}

bool is_double(const torch::Tensor& points) { return points.scalar_type() == torch::kDouble; }

double difference_step(const torch::Tensor& points) { return is_double(points) ? 1e-5 : 2e-3; }

double rounding(const torch::Tensor& energies) {
  const double unit =
      is_double(energies) ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
  return 16 * unit * std::max(1.0, energies.detach().abs().max().item<double>());
}

Kept::Kept(torch::nn::Module& module) : device_(tensor_options_of(module, torch::kFloat).device()) {
  const torch::NoGradGuard no_grad;
  const auto keep = [&](const torch::Tensor& tensor) {
    if (tensor.defined()) tensors_.push_back({tensor, tensor.detach().clone(), tensor.grad()});
  };
  for (const auto& parameter : distinct_parameters(module)) keep(parameter);
  for (const auto& buffer : module.buffers()) keep(buffer);
  for (auto& [live, value, gradient] : tensors_) {
    if (gradient.defined()) live.mutable_grad() = torch::Tensor();
  }
  generator_ = default_generator_state(device_);
}

Kept::~Kept() {
  const torch::NoGradGuard no_grad;
  for (auto& [live, value, gradient] : tensors_) {
    if (!live.equal(value)) live.copy_(value);
    if (live.grad().defined() || gradient.defined()) live.mutable_grad() = gradient;
  }
  set_default_generator_state(generator_, device_);
}

}  // namespace ebm::conformance
