#pragma once

#include <torch/types.h>

#include <memory>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/transform.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// The name, in either format of export, under which a file holds its description.
inline constexpr const char* description_name = "dualebm.json";

/// What leaves for somebody else's notebook or service.
struct Exportable {
  Energy& energy;        ///< what leaves
  const Domain& domain;  ///< of the points that the energy takes
  /// From points as they come to those; none: the identity.
  std::shared_ptr<TransformChain> transform = nullptr;
  /// What else the file says about itself, an object; none: domain, base measure,
  /// dimension, dtype and units alone.
  std::shared_ptr<const Json> description = nullptr;
  /// Numbers that somebody has got from the energy before, and that the file has to give as well: raw points,
  /// [n, d], double, and E(T(x)) - log |det ∂T/∂x| at them, [n]. Undefined: none.
  torch::Tensor known_points = {}, known_energies = {};
};

/// The description with what can be told from the energy, its transform and its domain.
Json completed_description(const Exportable& model);

/// The one precision of all floating-point tensors of an energy, on the CPU. That of a transform is its own:
/// double, so that data far from zero lose nothing.
/// @throws UserError if there are two, another than float32 and float64, or a tensor is elsewhere
torch::TensorOptions options_of(const Exportable& model);

/// The precision that raw points come in: double where there is a transform, else that of the energy.
torch::ScalarType input_type_of(const Exportable& model);

}  // namespace ebm
