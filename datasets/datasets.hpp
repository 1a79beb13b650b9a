#pragma once

#include <memory>

#include "framework/dataset.hpp"
#include "framework/domain.hpp"
#include "framework/random.hpp"
#include "framework/registry.hpp"

namespace ebm {

/// What a dataset may know when it is made.
struct DatasetContext {
  std::shared_ptr<Domain> domain;
  std::shared_ptr<Energy>
      teacher;     ///< made from the section `teacher` of the dataset, if there is one; in double
  Random& random;  ///< draws and random splits
};

/// Every dataset by name; add your own with `datasets().add<...>`. Points come out in double precision on the
/// CPU.
Registry<Dataset, DatasetContext>& datasets();

}  // namespace ebm
