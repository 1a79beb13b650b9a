#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/compute/random.hpp"

namespace ebm {

/// A density q on a domain that is drawn from without regard to where a particle is.
class Proposal {
 public:
  virtual ~Proposal() = default;

  /// Independent draws: [count, d].
  virtual torch::Tensor sample(std::int64_t count, Random& random,
                               const torch::TensorOptions& options) const = 0;

  /// log q with respect to the base measure τ of the domain, in nats: [N, d] -> [N], double.
  virtual torch::Tensor log_density(const torch::Tensor& x) const = 0;
};

}  // namespace ebm
