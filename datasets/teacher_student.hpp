#pragma once

#include "framework/config.hpp"
#include "framework/dataset.hpp"
#include "framework/domain.hpp"
#include "framework/random.hpp"

namespace ebm {

/// Exact samples of a known energy, by rejection: what the published experiments train on.
struct TeacherStudent {
  std::int64_t train = 10000;
  std::int64_t validation = 0;
  std::int64_t test = 100000;
  Json teacher = nullptr;  ///< an energy section; made by the app, since datasets know no models
  void describe(Fields& fields);

  /// Three independent sets. @param energy  the teacher, in double
  Dataset make(std::shared_ptr<Energy> energy, const Domain& domain, Random& random) const;
};

}  // namespace ebm
