#include "dualebm/framework/sampling/mixture_proposal.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

MixtureProposal::MixtureProposal(std::vector<Part> parts) : parts_(std::move(parts)) {
  require(!parts_.empty(), "mixture proposal: there must be at least one part");
  double sum = 0;
  for (const auto& part : parts_) {
    require(part.share > 0, "mixture proposal: every share must be positive, got {}", part.share);
    sum += part.share;
  }
  for (auto& part : parts_) part.share /= sum;
}

torch::Tensor MixtureProposal::sample(std::int64_t count, Random& random,
                                      const torch::TensorOptions& options) const {
  // A point of every part for each draw, and then a choice: whole tensors, and no
  // count that depends on chance.
  const auto u = random.uniform({count, 1}, options.dtype(torch::kDouble));
  auto points = parts_[0].proposal->sample(count, random, options);
  double below = parts_[0].share;
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    points = torch::where(u >= below, parts_[i].proposal->sample(count, random, options), points);
    below += parts_[i].share;
  }
  return points;
}

torch::Tensor MixtureProposal::log_density(const torch::Tensor& x) const {
  std::vector<torch::Tensor> terms;
  for (const auto& part : parts_) terms.push_back(part.proposal->log_density(x) + std::log(part.share));
  return torch::stack(terms).logsumexp(0);
}

}  // namespace ebm
