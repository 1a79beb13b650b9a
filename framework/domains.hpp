#pragma once

#include "framework/domain.hpp"
#include "framework/registry.hpp"

namespace ebm {

struct DomainContext {};

/// sphere, euclidean.
Registry<Domain, DomainContext>& domains();

}  // namespace ebm
