#pragma once

#include <string>

#include "framework/version.hpp"

/// The entry of a plugin: a shared library that adds energies, trainers or datasets of its own to those the
/// program knows. In one source file of it:
///
///     DUALEBM_PLUGIN() { ebm::energies().add<Ring>("ring", "a ring on R²"); }
///
/// It also carries the versions that the plugin was built with, which `load_plugin` compares.
#define DUALEBM_PLUGIN                                                             \
  extern "C" const char* dualebm_plugin_identity() { return ebm::build_identity; } \
  extern "C" void dualebm_plugin_register

namespace ebm {

/// Loads a plugin for the rest of the process and lets it register.
/// @param path  of the shared library
/// @throws UserError in one line if it cannot be loaded, is no plugin, was built with other versions of this
/// library or LibTorch, or fails to register.
void load_plugin(const std::string& path);

}  // namespace ebm
