#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// One time that a run which had gone astray was taken back.
struct Recovery {
  std::int64_t iteration = 0;  ///< of the trouble
  std::int64_t back_to = 0;    ///< the iteration that it went on from
  double rate_factor = 1;      ///< on the learning rates since then
  double step_factor = 1;      ///< on the particles' steps since then
  std::string cause;           ///< what was seen, in one line
};

/// "iteration 1200, back to 1000, learning rates times 0.5: the gradient of ... is not finite".
std::string to_string(const Recovery& recovery);

/// All of them, in order.
State state_of(const std::vector<Recovery>& recoveries);
/// What `state_of` wrote. @throws UserError if it does not fit together
std::vector<Recovery> recoveries_of(const State& state);

}  // namespace ebm
