#include "dualebm/framework/compute/state.hpp"

#include <fmt/ranges.h>
#include <torch/nn/module.h>

#include <vector>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

std::string shape_of(const torch::Tensor& tensor) {
  return fmt::format("[{}] of {}", fmt::join(tensor.sizes(), ", "), c10::toString(tensor.scalar_type()));
}

/// Calls body(name, tensor) for every parameter and buffer.
template <class Body>
void for_each_tensor(const torch::nn::Module& module, Body body) {
  for (const auto& item : module.named_parameters()) body(item.key(), item.value());
  for (const auto& item : module.named_buffers()) body(item.key(), item.value());
}

}  // namespace

void State::write(const std::string& name, const State& part) {
  for (const auto& [key, value] : part.values_) values_[name + "." + key] = value;
}

bool State::has(const std::string& name) const {
  if (values_.count(name) > 0) return true;
  const auto next = values_.lower_bound(name + ".");
  return next != values_.end() && next->first.starts_with(name + ".");
}

template <class Kind>
const Kind& State::value(const std::string& name, const char* kind) const {
  const auto found = values_.find(name);
  require(found != values_.end(), "it has no \"{}\"", name);
  const auto* value = std::get_if<Kind>(&found->second);
  require(value != nullptr, "\"{}\" is no {}", name, kind);
  return *value;
}

torch::Tensor State::tensor(const std::string& name) const { return value<torch::Tensor>(name, "tensor"); }
std::int64_t State::integer(const std::string& name) const { return value<std::int64_t>(name, "integer"); }
double State::number(const std::string& name) const { return value<double>(name, "number"); }
std::string State::text(const std::string& name) const { return value<std::string>(name, "text"); }

State State::part(const std::string& name) const {
  State part;
  const auto prefix = name + ".";
  for (auto entry = values_.lower_bound(prefix); entry != values_.end() && entry->first.starts_with(prefix);
       ++entry) {
    part.values_[entry->first.substr(prefix.size())] = entry->second;
  }
  return part;
}

torch::Tensor State::tensor_like(const std::string& name, const torch::Tensor& like) const {
  const auto found = tensor(name);
  require(found.sizes() == like.sizes() && found.scalar_type() == like.scalar_type(),
          "\"{}\" is {} instead of {}", name, shape_of(found), shape_of(like));
  return found.to(like.device());
}

State state_of(const torch::nn::Module& module) {
  State state;
  for_each_tensor(module,
                  [&](const std::string& name, const torch::Tensor& tensor) { state.write(name, tensor); });
  return state;
}

void restore(torch::nn::Module& module, const State& state) {
  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies;
  for_each_tensor(module, [&](const std::string& name, const torch::Tensor& live) {
    copies.emplace_back(live, state.tensor_like(name, live));
  });
  for (const auto& [name, value] : state.values()) {
    bool known = false;
    for_each_tensor(module,
                    [&](const std::string& other, const torch::Tensor&) { known = known || other == name; });
    require(known, "\"{}\" is no parameter or buffer of this energy", name);
  }
  const torch::NoGradGuard no_grad;
  for (auto& [live, saved] : copies) live.copy_(saved);
}

}  // namespace ebm
