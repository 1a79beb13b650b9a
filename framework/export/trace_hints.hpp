#pragma once

#include <string>

namespace ebm {

/// What a trace shows of how it was made, for advice where it is not the live function.
struct TraceHints {
  std::string fixed_dtype;      ///< an operator whose dtype is a constant of the trace: "to"; empty: none
  bool differentiates = false;  ///< whether autograd ran inside forward
};

}  // namespace ebm
