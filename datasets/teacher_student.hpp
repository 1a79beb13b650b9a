#pragma once

#include <nlohmann/json.hpp>

#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// What draw_from_teacher draws.
struct TeacherStudentOptions {
  std::int64_t train = 10000;   ///< points to draw
  std::int64_t validation = 0;  ///< likewise
  std::int64_t test = 100000;   ///< likewise
  Json teacher = nullptr;       ///< an energy section; made by the app, since datasets know no models
  void describe(Fields& fields);
};

/// Exact samples of a known energy, by rejection: what the published experiments train on. Three independent
/// sets from the context's teacher.
Dataset draw_from_teacher(const DatasetContext& context, const TeacherStudentOptions& options);

}  // namespace ebm
