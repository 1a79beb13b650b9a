#pragma once

#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// Exact samples of a known energy, by rejection: what the published experiments train on.
struct TeacherStudent final : Dataset {
  struct Options {
    std::int64_t train = 10000;   ///< points to draw
    std::int64_t validation = 0;  ///< likewise
    std::int64_t test = 100000;   ///< likewise
    Json teacher = nullptr;       ///< an energy section; made by the app, since datasets know no models
    void describe(Fields& fields);
  };

  /// Three independent sets from the context's teacher.
  TeacherStudent(const DatasetContext& context, const Options& options);
};

}  // namespace ebm
