#include <ATen/ATen.h>
#include <dualebm/framework/training/trainer.hpp>

/// Noise-contrastive estimation with noise from τ, whose density is 1: logistic regression of data
/// against noise by h(x) = -E(x) - c, where c becomes log Z (Gutmann & Hyvärinen 2012, equation
/// 8). It descends c itself.
struct NoiseContrastive final : ebm::Trainer {
  struct Options {
    double step = 0.5;
    void describe(ebm::Fields& fields) {
      fields.number("step", step, ebm::Range::positive(), "step size of c, the estimate of log Z");
    }
  };
  NoiseContrastive(const ebm::TrainerContext& context, const Options& options)
      : Trainer(context),
        step(ebm::checked(options, "noise_contrastive").step),
        c(torch::zeros({}, tensor_options())) {
    ebm::require(domain().has_probability_base(),
                 "trainer: noise_contrastive draws its noise from τ, and {} is no "
                 "probability; take a sphere",
                 domain().base_measure());
  }
  ebm::Cost accumulate(const torch::Tensor& batch, const ebm::Iteration&) override {
    const torch::NoGradGuard no_grad;
    const auto b = batch.size(0);
    const auto noise = domain().sample_base(b, random(), tensor_options());
    // dJ/dE at the points, and dJ/dc is their sum: -log s(h) on data, -log(1 - s(h)) on noise.
    const auto on_data = (energy().forward(batch) + c).sigmoid() / b;
    const auto on_noise = -(-energy().forward(noise) - c).sigmoid() / b;
    energy().accumulate_gradient(batch, on_data);
    energy().accumulate_gradient(noise, on_noise);
    c = c - step * (on_data.sum() + on_noise.sum());
    return {.energies = 2 * b, .parameter_gradients = 2 * b};
  }
  // A resumed run ends in the same bits: all that the next iteration depends on is here.
  void save(ebm::State& state) const override { state.write("c", c); }
  void load(const ebm::State& state) override { c = state.tensor_like("c", c); }
  double step;
  torch::Tensor c;
};
