#include "dualebm/framework/training/recovery.hpp"

#include <fmt/format.h>

#include "dualebm/framework/training/training.hpp"

namespace ebm {

std::string to_string(const Recovery& recovery) {
  const auto steps =
      recovery.step_factor < 1 ? fmt::format(", particles' steps times {:g}", recovery.step_factor) : "";
  return fmt::format("iteration {}, back to {}, learning rates times {:g}{}: {}", recovery.iteration,
                     recovery.back_to, recovery.rate_factor, steps, recovery.cause);
}

State state_of(const std::vector<Recovery>& recoveries) {
  State state;
  state.write("count", static_cast<std::int64_t>(recoveries.size()));
  for (std::size_t i = 0; i < recoveries.size(); ++i) {
    State one;
    one.write("iteration", recoveries[i].iteration);
    one.write("back_to", recoveries[i].back_to);
    one.write("rate_factor", recoveries[i].rate_factor);
    one.write("step_factor", recoveries[i].step_factor);
    one.write("cause", recoveries[i].cause);
    state.write(std::to_string(i), one);
  }
  return state;
}

std::vector<Recovery> recoveries_of(const State& state) {
  std::vector<Recovery> recoveries;
  for (std::int64_t i = 0; i < state.integer("count"); ++i) {
    const auto one = state.part(std::to_string(i));
    recoveries.push_back({.iteration = one.integer("iteration"),
                          .back_to = one.integer("back_to"),
                          .rate_factor = one.number("rate_factor"),
                          .step_factor = one.number("step_factor"),
                          .cause = one.text("cause")});
  }
  return recoveries;
}

const Recovery& Training::recover(const DivergedError& error) {
  const auto count = static_cast<std::int64_t>(recoveries_.size());
  const std::string cause = error.what();
  const bool non_finite = dynamic_cast<const NonFiniteError*>(&error) != nullptr;
  const auto give_up = [&](const std::string& diagnosis) {
    if (non_finite) throw NonFiniteError(diagnosis);
    throw DivergedError(diagnosis);
  };
  if (options_.recoveries == 0 || good_.empty()) give_up(cause);
  if (count >= options_.recoveries) {
    give_up(fmt::format("{}; it was taken back {} times before, at last with learning rates times {:g}",
                        cause, count, rate_factor()));
  }
  Recovery recovery{.iteration = progress_.iteration,
                    .rate_factor = rate_factor() / 2,
                    .step_factor = step_factor(),
                    .cause = cause};
  if (non_finite) recovery.step_factor /= 2;
  const auto spent = progress_;
  good_.resize(1);
  restore_moving_parts(good_.front());
  recovery.back_to = last_good_ = progress_.iteration;
  progress_ = {.iteration = recovery.back_to,
               .gradient_evaluations = spent.gradient_evaluations,
               .seconds = spent.seconds,
               .fraction = spent.fraction,
               .cost = spent.cost};
  while (!records_.empty() && records_.back().progress.iteration > recovery.back_to) records_.pop_back();
  recoveries_.push_back(recovery);
  return recoveries_.back();
}

}  // namespace ebm
