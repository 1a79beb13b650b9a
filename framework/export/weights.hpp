#pragma once

#include <filesystem>

#include "dualebm/framework/export/exportable.hpp"

namespace ebm {

/// Writes the weights of an energy, "energy.NAME", and of its transform, "transform.NAME", as safetensors
/// with the description as the string `description_name` of the metadata. What was written is read back and
/// compared bit by bit before the file appears, whole.
void export_safetensors(const std::filesystem::path& path, const Exportable& model);

}  // namespace ebm
