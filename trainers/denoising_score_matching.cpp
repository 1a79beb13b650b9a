#include "dualebm/trainers/denoising_score_matching.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/trainers/score_gradient.hpp"

namespace ebm {
namespace {

torch::Tensor ladder_of(const DenoisingScoreMatching::Options& options) {
  const auto& [noise, levels, low, high] = options;
  if (levels == 1) {
    require(!low && !high,
            "trainer: noise_low and noise_high are the ends of a ladder; give levels > 1, or noise alone");
    return torch::full({1}, noise, torch::kDouble);
  }
  require(low && high, "trainer: levels {} make a ladder; give its ends noise_low and noise_high", levels);
  require(*low < *high, "trainer: noise_low {:g} must be below noise_high {:g}", *low, *high);
  return geometric_ladder(*low, *high, levels);
}

}  // namespace

void DenoisingScoreMatching::Options::describe(Fields& fields) {
  fields.number("noise", noise, Range::positive(),
                "σ_0, by which the learnt density is smoothed, in the units of the data");
  fields.integer("levels", levels, Range::at_least(1), "levels of noise; 1: σ_0 alone, more: a ladder");
  fields.number("noise_low", noise_low, Range::positive(), "lowest level of a ladder, e.g. σ_0 / 2");
  fields.number("noise_high", noise_high, Range::positive(),
                "highest level of a ladder, e.g. the standard deviation of the data");
}

torch::Tensor geometric_ladder(double low, double high, std::int64_t levels) {
  return torch::linspace(std::log(low), std::log(high), levels, torch::kDouble).exp();
}

DenoisingScoreMatching::DenoisingScoreMatching(TrainerContext context, const Options& options)
    : Trainer(std::move(context)), reference_(checked(options, "denoising_score_matching").noise) {
  require(domain().is_flat(),
          "trainer: denoising_score_matching adds Gaussian noise, which leaves the domain {}; it needs a "
          "flat one, such as euclidean (take sliced_score_matching here)",
          domain().name());
  require_smooth(energy(), "denoising_score_matching");
  levels_ = ladder_of(options).to(tensor_options());
}

torch::Tensor denoising_score_objective(Energy& energy, const torch::Tensor& clean,
                                        const torch::Tensor& noise, const torch::Tensor& level,
                                        double reference) {
  const auto added = level.unsqueeze(1) * noise;
  const auto residual = score_gradient(energy, clean + added).gradient - added / (reference * reference);
  return (0.5 * (reference / level).square() * residual.square().sum(1)).mean();
}

Cost DenoisingScoreMatching::accumulate(const torch::Tensor& batch, const Iteration&) {
  const torch::AutoGradMode enable(true);
  const auto count = batch.size(0);
  const auto level = levels_.size(0) == 1
                         ? levels_.expand({count})
                         : levels_.index_select(0, random().integers(levels_.size(0), count));
  const auto noise = random().normal(batch.sizes(), batch.options());
  denoising_score_objective(energy(), batch, noise, level, reference_).backward();
  return {.double_gradients = count};
}

}  // namespace ebm
