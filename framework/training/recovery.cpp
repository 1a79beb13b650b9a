#include "dualebm/framework/training/recovery.hpp"

#include <fmt/format.h>

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

}  // namespace ebm
