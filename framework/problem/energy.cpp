#include "dualebm/framework/problem/energy.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "dualebm/framework/problem/gradients.hpp"
#include "dualebm/framework/problem/parameters.hpp"

namespace ebm {

namespace {

/// Gradients of the parameters for each shard, with those that other ranks have.
void complete(std::vector<std::vector<torch::Tensor>>& parts, const std::vector<torch::Tensor>& trained,
              std::int64_t rows) {
  const auto shards = static_cast<std::int64_t>(parts.size());
  const auto there = torch::zeros({shards, static_cast<std::int64_t>(trained.size())}, torch::kByte);
  std::vector<torch::Tensor> tables = {there};
  for (std::size_t i = 0; i < trained.size(); ++i) {
    tables.push_back(torch::zeros({shards, trained[i].numel()}, trained[i].options().requires_grad(false)));
    for (std::int64_t shard = 0; shard < shards; ++shard) {
      const auto& mine = parts[static_cast<std::size_t>(shard)];
      if (mine.empty() || !mine[i].defined()) continue;
      there[shard][static_cast<std::int64_t>(i)] = 1;
      tables.back()[shard].copy_(mine[i].reshape({-1}));
    }
  }
  complete_shards(rows, tables);
  for (std::int64_t shard = 0; shard < shards; ++shard) {
    auto& all = parts[static_cast<std::size_t>(shard)];
    all.resize(trained.size());
    for (std::size_t i = 0; i < trained.size(); ++i) {
      const bool defined = there[shard][static_cast<std::int64_t>(i)].item<bool>();
      all[i] = defined ? tables[i + 1][shard].reshape(trained[i].sizes()) : torch::Tensor();
    }
  }
}

}  // namespace

std::int64_t smallest_shard_for(const Energy& energy, const torch::Tensor& x) {
  return energy.row_parallel() ? smallest_shard_for(x) : std::max<std::int64_t>(x.size(0), 1);
}

void accumulate_over_ranks(Energy& energy, const torch::Tensor& x, const torch::Tensor& weight,
                           const RankRows& rows, Communicator& ranks) {
  const OnRankRows pass(rows, ranks);
  energy.accumulate_gradient(x, weight);
  require(
      pass.is_completed(),
      "ranks: this energy has an accumulate_gradient of its own, which adds up the rows of one rank; leave "
      "it out, or let it call complete_shards");
}

torch::Tensor Energy::gradient(const torch::Tensor& x) { return by_autograd(x).second; }

std::pair<torch::Tensor, torch::Tensor> Energy::value_and_gradient(const torch::Tensor& x) {
  return by_autograd(x);
}

std::pair<torch::Tensor, torch::Tensor> Energy::by_autograd(const torch::Tensor& x) {
  const auto points = x.detach();
  const auto smallest = smallest_shard_for(*this, points);
  const auto values = torch::empty({points.size(0)}, points.options());
  const auto gradients = torch::zeros_like(points);
  for_each_shard(
      points.size(0),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        const torch::AutoGradMode enable(true);
        const auto leaf = points.narrow(0, begin, end - begin).detach().requires_grad_(true);
        const auto energy = forward(leaf);
        values.narrow(0, begin, end - begin).copy_(energy.detach());
        if (!energy.requires_grad()) return;
        const auto slope =
            torch::autograd::grad({energy.sum()}, {leaf}, {}, c10::nullopt, false, /*allow_unused=*/true)[0];
        if (slope.defined()) gradients.narrow(0, begin, end - begin).copy_(slope);
      },
      smallest);
  return {values, gradients};
}

void Energy::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  std::vector<torch::Tensor> trained;
  for (auto& parameter : distinct_parameters(*this)) {
    if (parameter.requires_grad()) trained.push_back(std::move(parameter));
  }
  if (trained.empty()) return;
  const auto points = x.detach(), weights = weight.detach();
  const auto smallest = smallest_shard_for(*this, points);
  std::vector<std::vector<torch::Tensor>> parts(
      static_cast<std::size_t>(shard_count(points.size(0), smallest)));
  for_each_shard(
      points.size(0),
      [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
        const torch::AutoGradMode enable(true);
        const auto energy = forward(points.narrow(0, begin, end - begin));
        const auto objective = energy.dot(weights.narrow(0, begin, end - begin));
        if (!objective.requires_grad()) return;
        parts[static_cast<std::size_t>(shard)] =
            torch::autograd::grad({objective}, trained, {}, c10::nullopt, false, /*allow_unused=*/true);
      },
      smallest);
  const torch::NoGradGuard no_grad;
  if (OnRankRows::over(points.size(0)) != nullptr) complete(parts, trained, points.size(0));
  for (const auto& gradients : parts) {
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (gradients[i].defined()) add_gradient(trained[i], gradients[i]);
    }
  }
}

}  // namespace ebm
