#pragma once

#include <string>

#include <torch/version.h>

#include "dualebm/framework/base/version.hpp"
#include "dualebm/framework/experiment/catalogue.hpp"
#include "dualebm/framework/experiment/headers_hash.hpp"

/// The entry of a plugin: a shared library that adds energies, trainers or datasets of its own to those the
/// program knows. In one source file of it:
///
///     DUALEBM_PLUGIN(catalogue) { catalogue.energies.add<Ring>("ring", "a ring on R²"); }
///
/// It also carries the versions and headers that the plugin was built with, which `load_plugin` compares.
/// Both functions are visible in a project that is compiled with -fvisibility=hidden too.
#define DUALEBM_PLUGIN(catalogue)                                                           \
  extern "C" __attribute__((visibility("default"))) const char* dualebm_plugin_identity() { \
    return ebm::build_identity;                                                             \
  }                                                                                         \
  extern "C" __attribute__((visibility("default"))) void dualebm_plugin_register(ebm::Catalogue& catalogue)

namespace ebm {

/// What a program, a plugin and the library must agree on to share objects: their versions of this library
/// and of LibTorch, which promise no stable binary interface, and the headers, in which one more virtual
/// function is another layout.
inline constexpr const char* build_identity =
    "dualebm " DUALEBM_VERSION " with LibTorch " TORCH_VERSION ", headers " DUALEBM_HEADERS_HASH;

/// Loads a plugin for the rest of the process and lets it add to a catalogue.
/// @param path  of the shared library
/// @throws UserError in one line if it cannot be loaded, is no plugin, was built with other versions of this
/// library or LibTorch or with other headers, or fails to register.
void load_plugin(const std::string& path, Catalogue& catalogue);

}  // namespace ebm
