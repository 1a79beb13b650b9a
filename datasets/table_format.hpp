#pragma once

#include "dualebm/datasets/files/dialect.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Options of every dataset that is a table of text.
struct TableFormat : DialectOptions {
  std::string missing = "error";  ///< error or drop: what becomes of rows with gaps
  void describe(Fields& fields);
};

}  // namespace ebm
