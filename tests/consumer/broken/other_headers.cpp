// What a plugin looks like that was compiled before a header of dualebm changed.
#include "dualebm/framework/experiment/headers_hash.hpp"
#undef DUALEBM_HEADERS_HASH
#define DUALEBM_HEADERS_HASH "0123456789ab"
#include "dualebm/framework/experiment/plugin.hpp"

DUALEBM_PLUGIN(/*catalogue*/) {}
