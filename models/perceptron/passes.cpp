#include "dualebm/models/perceptron/passes.hpp"

#include <ATen/ATen.h>
#include <ATen/TracerMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/models/perceptron/network.hpp"
#include "dualebm/models/smooth_activation.hpp"

namespace ebm::perceptron {
namespace {

constexpr std::int64_t widest = 128;

/// Multiply-adds that are worth waking a thread for: some tens of microseconds.
constexpr std::int64_t smallest_work = 1 << 20;

/// Calls body with a number of the tensor's type.
template <class Body>
auto with_real_of(const torch::Tensor& x, Body body) {
  return x.scalar_type() == torch::kDouble ? body(double{}) : body(float{});
}

template <class Real>
Network<Real> network_of(const Parameters& parameters) {
  const auto last = parameters.weights.size() - 1;
  Network<Real> network{.hidden = {}, .last = Lines<Real>(parameters.weights[last].size(1))};
  for (std::size_t l = 0; l < last; ++l) {
    const auto w = parameters.weights[l].detach().contiguous(),
               b = parameters.biases[l].detach().contiguous();
    network.hidden.emplace_back(w.data_ptr<Real>(), b.data_ptr<Real>(), w.size(1), w.size(0));
  }
  const auto a = parameters.weights[last].detach().contiguous();
  std::copy_n(a.data_ptr<Real>(), a.size(1), network.last.data());
  network.last_bias = *parameters.biases[last].detach().data_ptr<Real>();
  if (const auto s = parameters.confinement) network.precision = static_cast<Real>(1 / (*s * *s));
  network.activation = smooth_activation_kind(parameters.activation);
  return network;
}

template <class Real>
std::int64_t smallest_shard(const Network<Real>& network) {
  // No more than 512, of which the blocks of tables over ranks have at least as many.
  return std::clamp<std::int64_t>(smallest_work / network.work(), 48, 512);
}

/// Shards of the rows of x; an undefined tensor is not wanted.
void fused(const torch::Tensor& x, const Parameters& parameters, const torch::Tensor& gradients,
           const torch::Tensor& values) {
  const auto points = x.detach().contiguous();
  with_real_of(points, [&](auto real) {
    using Real = decltype(real);
    const auto network = network_of<Real>(parameters);
    const auto d = points.size(1);
    for_each_shard(
        points.size(0),
        [&](std::int64_t, std::int64_t begin, std::int64_t end) {
          network(points.data_ptr<Real>() + begin * d, end - begin,
                  gradients.defined() ? gradients.data_ptr<Real>() + begin * d : nullptr,
                  values.defined() ? values.data_ptr<Real>() + begin : nullptr);
        },
        smallest_shard(network));
  });
}

/// The numbers of a sum, in pieces.
template <class Real>
std::vector<std::pair<Real*, std::size_t>> pieces_of(ParameterSums<Real>& sums) {
  std::vector<std::pair<Real*, std::size_t>> pieces = {{sums.last.data(), sums.last.size()},
                                                       {&sums.last_bias, 1}};
  for (auto& layer : sums.hidden) {
    pieces.emplace_back(layer.weight.data(), layer.weight.size());
    pieces.emplace_back(layer.bias.data(), layer.bias.size());
  }
  return pieces;
}

/// With the sums that other ranks have, see complete_shards.
template <class Real>
void complete(std::vector<ParameterSums<Real>>& parts, std::int64_t rows, torch::ScalarType type) {
  if (OnRankRows::over(rows) == nullptr) return;
  std::size_t count = 0;
  for (const auto& piece : pieces_of(parts.front())) count += piece.second;
  const auto table = torch::empty({static_cast<std::int64_t>(parts.size()), static_cast<std::int64_t>(count)},
                                  torch::TensorOptions(type));
  auto* place = table.data_ptr<Real>();
  for (auto& part : parts) {
    for (const auto& [numbers, size] : pieces_of(part)) place = std::copy_n(numbers, size, place);
  }
  complete_shards(rows, {table});
  const auto* from = table.data_ptr<Real>();
  for (auto& part : parts) {
    for (const auto& [numbers, size] : pieces_of(part)) {
      std::copy_n(from, size, numbers);
      from += size;
    }
  }
}

template <class Real>
torch::Tensor tensor_of(const Lines<Real>& lines, torch::IntArrayRef sizes,
                        const torch::TensorOptions& options) {
  return torch::from_blob(const_cast<Real*>(lines.data()), sizes, options).clone();
}

}  // namespace

bool has_kernel(const torch::Tensor& x, const Parameters& parameters) {
  const auto fits = [&](const torch::Tensor& t) {
    return t.device().is_cpu() && t.scalar_type() == x.scalar_type();
  };
  if (parameters.weights.size() < 2 || !x.device().is_cpu() || x.dim() != 2) return false;
  if (x.scalar_type() != torch::kFloat && x.scalar_type() != torch::kDouble) return false;
  if (x.size(1) != parameters.weights.front().size(1)) return false;
  const auto narrow = [](const torch::Tensor& w) { return w.size(0) <= widest; };
  return std::all_of(parameters.weights.begin(), parameters.weights.end(), fits) &&
         std::all_of(parameters.biases.begin(), parameters.biases.end(), fits) &&
         std::all_of(parameters.weights.begin(), parameters.weights.end(), narrow);
}

bool is_followed(const torch::Tensor& x, const Parameters& parameters) {
  if (at::tracer::impl::is_dispatch_enabled()) return true;
  if (!torch::GradMode::is_enabled()) return false;
  const auto wanted = [](const torch::Tensor& t) { return t.requires_grad(); };
  return x.requires_grad() || std::any_of(parameters.weights.begin(), parameters.weights.end(), wanted) ||
         std::any_of(parameters.biases.begin(), parameters.biases.end(), wanted);
}

torch::Tensor value(const torch::Tensor& x, const Parameters& parameters) {
  const torch::NoGradGuard no_grad;
  const auto values = torch::empty({x.size(0)}, x.options());
  fused(x, parameters, {}, values);
  return values;
}

std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x,
                                                           const Parameters& parameters) {
  const torch::NoGradGuard no_grad;
  const auto values = torch::empty({x.size(0)}, x.options());
  const auto gradients = torch::empty_like(x, torch::MemoryFormat::Contiguous);
  fused(x, parameters, gradients, values);
  return {values, gradients};
}

RowGradient row_gradient(const torch::Tensor& like, const Parameters& parameters) {
  return with_real_of(like, [&](auto real) -> RowGradient {
    using Real = decltype(real);
    return [network = std::make_shared<const Network<Real>>(network_of<Real>(parameters))](
               ConstRows points, Rows gradients, Rows energies) {
      (*network)(std::get<const Real*>(points.first), points.count, std::get<Real*>(gradients.first),
                 energies.count > 0 ? std::get<Real*>(energies.first) : nullptr);
    };
  });
}

Parameters weighted_gradients(const torch::Tensor& x, const torch::Tensor& weight,
                              const Parameters& parameters) {
  const torch::NoGradGuard no_grad;
  TORCH_CHECK(weight.dim() == 1 && weight.size(0) == x.size(0) && weight.scalar_type() == x.scalar_type(),
              "mlp: weights of shape ", weight.sizes(), " for points of shape ", x.sizes());
  const auto points = x.detach().contiguous(), weights = weight.detach().contiguous();
  Parameters gradients;
  with_real_of(points, [&](auto real) {
    using Real = decltype(real);
    const auto network = network_of<Real>(parameters);
    const auto smallest = smallest_shard(network), d = points.size(1);
    std::vector<ParameterSums<Real>> parts(static_cast<std::size_t>(shard_count(points.size(0), smallest)),
                                           network.no_sums());
    for_each_shard(
        points.size(0),
        [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
          network.add_parameter_gradients(points.data_ptr<Real>() + begin * d,
                                          weights.data_ptr<Real>() + begin, end - begin,
                                          parts[static_cast<std::size_t>(shard)]);
        },
        smallest);
    complete(parts, points.size(0), points.scalar_type());
    auto& sums = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) sums += parts[i];
    const auto options = torch::TensorOptions(points.scalar_type());
    for (std::size_t l = 0; l < network.hidden.size(); ++l) {
      const auto in = network.hidden[l].in(), out = network.hidden[l].out();
      const auto all = torch::from_blob(sums.hidden[l].weight.data(), {in, padded<Real>(out)}, options);
      gradients.weights.push_back(all.narrow(1, 0, out).t().clone(at::MemoryFormat::Contiguous));
      gradients.biases.push_back(tensor_of(sums.hidden[l].bias, {out}, options));
    }
    gradients.weights.push_back(tensor_of(sums.last, {1, network.hidden.back().out()}, options));
    gradients.biases.push_back(torch::full({1}, sums.last_bias, options));
  });
  return gradients;
}

}  // namespace ebm::perceptron
