#include <stdexcept>

#include "dualebm/framework/experiment/plugin.hpp"

DUALEBM_PLUGIN(/*catalogue*/) { throw std::runtime_error("no licence\nsecond line"); }
