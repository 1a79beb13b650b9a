#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// One round of a search: so many trials are trained to this share of a whole run.
struct TuningRung {
  std::int64_t trials = 0;
  double share = 1;
};

/// The section "tune".
struct TuningOptions {
  Json ranges = Json::object();           ///< path of a key -> ParameterRange::Options
  std::int64_t trials = 20;               ///< configurations that are drawn
  std::string search = "random";          ///< all are trained to the end; or "halving"
  std::int64_t seed = 0;                  ///< of the draws; trainings have that of the configuration
  std::string metric = "nll_validation";  ///< that decides
  std::int64_t reduction = 3;             ///< η of successive halving
  std::int64_t rungs = 0;                 ///< of successive halving; 0: as many as there are trials for
  void describe(Fields& fields);

  /// One rung of all trials for a random search. Successive halving (Jamieson & Talwalkar 2016; Li et al.
  /// 2018, algorithm 1 for one bracket): K rungs, of which the k-th from 0 trains ⌊n/η^k⌋ trials to η^(k-K+1)
  /// of their run.
  /// @throws UserError if there are more rungs than trials can be divided for
  std::vector<TuningRung> ladder() const;
};

}  // namespace ebm
