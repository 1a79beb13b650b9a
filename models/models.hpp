#pragma once

#include <memory>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What an energy may know when it is made.
struct EnergyContext {
  std::shared_ptr<Domain> domain;       ///< where its points lie
  torch::TensorOptions tensor_options;  ///< dtype and device of parameters
  Random& random;                       ///< initial parameters
};

/// Every energy by name; add your own with `energies().add<MyEnergy>(name, meaning)`.
Registry<Energy, EnergyContext>& energies();

}  // namespace ebm
