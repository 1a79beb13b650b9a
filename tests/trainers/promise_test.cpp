#include <torch/optim/sgd.h>

#include "dualebm/framework/training/training.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

/// A trainer of one's own that promises to repeat itself and does not. What is found out needs no device that
/// captures anything: an iteration that runs eagerly shows it.
namespace ebm::testing {
namespace {

class Promising final : public Trainer {
 public:
  enum Secret { none, reads_number, draws_normals, draws_uniforms, draws_rows };
  Promising(TrainerContext context, Secret secret, std::int64_t from)
      : Trainer(std::move(context)), secret_(secret), from_(from) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override {
    ++done;
    if (iteration.number_as_promised() >= from_) give_away(batch, iteration);
    energy().accumulate_gradient(batch, torch::full({batch.size(0)}, 1e-3, batch.options()));
    return {.parameter_gradients = batch.size(0)};
  }
  bool repeats(const Iteration&) const override { return true; }

  int done = 0;

 private:
  void give_away(const torch::Tensor& batch, const Iteration& iteration) {
    if (secret_ == reads_number) seen_ = iteration.number();
    if (secret_ == draws_normals) random().normal({2}, batch.options());
    if (secret_ == draws_uniforms) random().uniform({2}, batch.options());
    if (secret_ == draws_rows) random().subset(batch.size(0), 2);
  }

  Secret secret_;
  std::int64_t from_, seen_ = 0;
};

/// What the executor says after six iterations of a secret that is acted on from one of them on.
std::string why_not(Promising::Secret secret, std::int64_t from = 1) {
  const auto data = plane_points(40);
  const auto trainer = std::make_shared<Promising>(on_the_plane(data), secret, from);
  Training training(
      trainer,
      std::make_shared<torch::optim::SGD>(trainer->energy().parameters(), torch::optim::SGDOptions(0.1)),
      {.deferred_checks = true});
  for (int t = 0; t < 6; ++t) {
    if (t < from) {
      EXPECT_EQ(training.executor().why_not(), "") << "before iteration " << t + 1;
    }
    training.step(data);
  }
  EXPECT_EQ(trainer->done, 6) << "nothing was left out";
  EXPECT_EQ(training.executor().replays(), 0);
  return training.executor().why_not();
}

TEST(Promise, IsBelievedWhereNothingSpeaksAgainstIt) { EXPECT_EQ(why_not(Promising::none), ""); }

TEST(Promise, IsBrokenByWhoReadsTheNumberOfTheIteration) {
  for (const int from : {1, 2, 4}) {
    EXPECT_EQ(why_not(Promising::reads_number, from),
              "the trainer reads the number of the iteration, which a graph would keep as it is");
  }
}

TEST(Promise, IsBrokenByWhoDrawsOnTheHost) {
  for (const auto secret : {Promising::draws_normals, Promising::draws_uniforms, Promising::draws_rows}) {
    EXPECT_EQ(why_not(secret, 3),
              "the trainer draws random numbers on the host, which a graph would keep as they are")
        << secret;
  }
}

// The rule by multiples makes something else of the number and says so; it draws its noise on the host here,
// which is all that speaks against it.
TEST(Promise, OfTheRestartRuleIsKeptThroughItsNumbers) {
  const auto data = plane_points(10);
  RestartGda every(on_the_plane(data), restarts(3, 0)), at_random(on_the_plane(data), restarts(0, 0.5));
  for (int t = 1; t <= 9; ++t) {
    const Iteration iteration(t);
    EXPECT_EQ(every.repeats(iteration), t % 3 != 0) << t;
    EXPECT_TRUE(at_random.repeats(iteration));
    every.accumulate(data, iteration);
    at_random.accumulate(data, iteration);
    EXPECT_FALSE(iteration.number_was_read()) << t;
  }
}

}  // namespace
}  // namespace ebm::testing
