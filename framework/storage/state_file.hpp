#pragma once

#include <filesystem>

#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// A state on disk: one header line with size and checksum (CRC-32C), then safetensors, of which numbers and
/// texts are the metadata. Reading it runs no code, whoever wrote it.
void write_state(const std::filesystem::path& path, const State& state);

/// @throws UserError naming the file if it is missing, cut short, altered, or of another kind.
State read_state(const std::filesystem::path& path);

}  // namespace ebm
