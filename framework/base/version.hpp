#pragma once

/// The version of this library; CMakeLists.txt reads it here.
#define DUALEBM_VERSION "0.2.0"
