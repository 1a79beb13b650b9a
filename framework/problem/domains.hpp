#pragma once

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What a domain may know when it is made.
struct DomainContext {};

/// Registers sphere, euclidean, torus, box and product, whose factors are these.
void add_domains(Registry<Domain, DomainContext>& domains);

}  // namespace ebm
