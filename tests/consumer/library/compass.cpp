#include <torch/optim/sgd.h>
#include <dualebm/datasets/split.hpp>
#include <dualebm/framework/training/fit.hpp>
#include <dualebm/trainers/exact_likelihood.hpp>

struct Compass final : ebm::Energy {  // a von Mises-Fisher density, E(x) = -<x, moment>
  torch::Tensor forward(const torch::Tensor& x) override { return -x.mv(moment); }
  torch::Tensor moment = register_parameter("moment", torch::zeros({3}));
};
struct Strength final : ebm::Metric {
  ebm::MetricDescription description() const override { return {"κ", "κ", "nats", "", false, "its length"}; }
  std::optional<double> value(const ebm::Evaluation& at) const override {
    return dynamic_cast<const Compass&>(at.energy()).moment.norm().item<double>();
  }
};
struct Diary final : ebm::Callback {
  void on_record(const ebm::Record& record) override {
    fmt::print("{:4} {:.3f}\n", record.progress.iteration, *ebm::find_metric(record.metrics, "κ"));
  }
};
int main() {
  const auto random = std::make_shared<ebm::Random>(/*seed=*/0);
  const auto sphere = std::make_shared<ebm::Sphere>(3);
  const auto wind = random->normal({2000, 3}, torch::kFloat) + torch::tensor({0.f, 0.f, 2.f});
  const auto problem =
      std::make_shared<ebm::Problem>(sphere, ebm::split_rows(sphere->retract(wind), {}, *random));
  const auto energy = std::make_shared<Compass>();
  const auto trainer = std::make_shared<ebm::ExactLikelihood>(ebm::TrainerContext{energy, problem, random});
  ebm::Training training(trainer, std::make_shared<torch::optim::SGD>(energy->parameters(), 5.0));
  auto metrics = ebm::standard_metrics();
  metrics.push_back(std::make_shared<Strength>());
  const auto evaluator = std::make_shared<ebm::Evaluator>(problem, ebm::Evaluator::Options{}, metrics);
  Diary diary;
  ebm::fit(training, {.iterations = 100, .evaluate_every = 20, .evaluator = evaluator}, {&diary});
}
