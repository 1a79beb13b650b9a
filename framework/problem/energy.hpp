#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "dualebm/framework/problem/rows.hpp"

namespace ebm {

/// ∇_x E on rows in plain memory, and E in the same pass where it is wanted: points and gradients [rows, d],
/// energies [rows, 1] or none (`{}`), all of the dtype that the kernel was asked for.
using RowGradient = std::function<void(ConstRows points, Rows gradients, Rows energies)>;

/// An energy E: X -> R; the model is p(x) = exp(-E(x)) / Z with respect to the base measure τ of its domain.
///
/// A new energy overrides `forward` alone: gradients and double derivatives come from autograd. A model that
/// knows a faster way overrides `gradient`, `value_and_gradient` and `accumulate_gradient` too, and owes a
/// test against autograd in double. The defaults call `forward` on shards of the rows from several threads at
/// once, so it must neither change the module nor let one row depend on another, unless `row_parallel` says
/// so; `check` (conformance.hpp) finds out whether it does. Derives virtually from Module, so that leaves may
/// use torch::nn::Cloneable.
class Energy : public virtual torch::nn::Module {
 public:
  /// E(x). @param x [N, d...] @return [N], differentiable in x and in the parameters.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;

  /// ∇_x E(x) in the ambient space, without a graph. @param x [N, d...] @return the shape of x.
  virtual torch::Tensor gradient(const torch::Tensor& x);

  /// E(x) and ∇_x E(x) in one pass, without a graph. @return [N] and the shape of x.
  virtual std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x);

  /// ∇_x E at the parameters as they are now, for a sampler that does the rest of its step while a few rows
  /// are in the cache, or null where there is no such kernel. May be called from several threads at once; on
  /// the CPU.
  /// @param like  points of the dtype, dimension and device that the rows will have
  virtual RowGradient row_gradient([[maybe_unused]] const torch::Tensor& like) { return nullptr; }

  /// Adds Σ_i weight_i ∇_θ E(x_i) to the `.grad` of every parameter that requires one.
  /// @param x [N, d...] @param weight [N], of the dtype of x.
  virtual void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight);

  /// Whether rows may be cut into batches and `forward` be called by several threads. An energy whose rows
  /// depend on one another or on LibTorch's generator, as with batch normalisation and dropout, says no, in
  /// the modes where they do: `return !is_training();`. Then one call on one thread gets all rows, and the
  /// same seed gives the same bits as long as the generator's state is kept (default_generator.hpp).
  virtual bool row_parallel() const { return true; }

  /// Moves the parameters to the nearest admissible ones (a norm ball, a sphere); called after every update.
  virtual void project_parameters() {}

  /// Whether E is infinitely differentiable in x: what direct score matching asks for.
  virtual bool smooth() const { return true; }

  /// log Z = log ∫ exp(-E) dτ in nats, where a closed form is known.
  virtual std::optional<double> log_normalizer() const { return std::nullopt; }

  /// A number that E never goes below on its domain, if one is proven: the envelope of rejection sampling.
  virtual std::optional<double> lower_bound() const { return std::nullopt; }

 private:
  std::pair<torch::Tensor, torch::Tensor> by_autograd(const torch::Tensor& x);
};

/// The smallest shard for `for_each_shard` where each calls `forward` on its rows of x: all of them where the
/// energy's rows go together.
std::int64_t smallest_shard_for(const Energy& energy, const torch::Tensor& x);

}  // namespace ebm
