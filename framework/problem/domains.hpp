#pragma once

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

struct DomainContext {};

/// sphere, euclidean.
Registry<Domain, DomainContext>& domains();

}  // namespace ebm
