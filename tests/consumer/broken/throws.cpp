#include <stdexcept>

#include "framework/plugin.hpp"

DUALEBM_PLUGIN() { throw std::runtime_error("no licence\nsecond line"); }
