#pragma once

#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/sampling/sampler_context.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// Adds every kernel of this room by name.
void add_samplers(Registry<Sampler, SamplerContext>& samplers);

}  // namespace ebm
