#pragma once

#include <memory>

#include "framework/domain.hpp"
#include "framework/energy.hpp"
#include "framework/random.hpp"
#include "framework/registry.hpp"

namespace ebm {

/// What an energy may know when it is made.
struct EnergyContext {
  std::shared_ptr<Domain> domain;
  torch::TensorOptions tensor_options;  ///< dtype and device of parameters
  Random& random;                       ///< initial parameters
};

/// Every energy by name; add your own with `energies().add<MyEnergy>(name, meaning)`.
Registry<Energy, EnergyContext>& energies();

}  // namespace ebm
