#pragma once

#include <string>

#include "dualebm/apps/trust_commands.hpp"
#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// What a file that `fit` is given may hold.
enum class FileKind { globe, table, array, images };

/// By the bytes of the file and, of a text, by the names of its columns.
/// @throws UserError if it cannot be read
FileKind kind_of(const FitCommandOptions& options);

/// Whether bytes begin as those of an IDX file do.
bool starts_as_idx(const std::string& bytes);

/// A column that is a class by its name; empty: none is.
std::string usual_label(const std::string& path);

/// Points that a section `dataset` reads, a hundred thousand at most, [n, d], double.
/// @param dataset  what was read, all of it in the training part
torch::Tensor points_of(Json section, std::int64_t dimension, Dataset& dataset);

}  // namespace ebm
