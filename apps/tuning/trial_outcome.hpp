#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "dualebm/framework/experiment/ended_run.hpp"

namespace ebm {

/// What has become of a trial on a rung.
struct TrialOutcome {
  RunEnd end = RunEnd::failed;
  std::string reason;  ///< behind the word for its end
  std::optional<double>
      value;  ///< of the metric that decides, of the energy that the run ended with; none: it cannot win
  std::optional<double> error;  ///< of the value, where it is known
  std::int64_t iteration = 0;   ///< that the training came to
  std::int64_t gradient_evaluations = 0;
  double seconds = 0;  ///< of training
  /// "finished", "diverged: ...".
  std::string status() const;
};

/// Of a run that has ended. @param metric  that decides
TrialOutcome outcome_of(const TrainingRun& run, const std::string& metric);

/// By number of the rung and of the trial, both from 0.
using TrialOutcomes = std::map<std::pair<std::size_t, std::size_t>, TrialOutcome>;

/// As JSON has it.
Json number_or_null(const std::optional<double>& number);

/// An array with an object for each, rung by rung.
Json to_json(const TrialOutcomes& outcomes);

/// Those that a trials.json holds, but for failed ones, which are to be tried again; none where there is no
/// such file.
/// @throws UserError if it is damaged
TrialOutcomes read_outcomes(const std::filesystem::path& path);

}  // namespace ebm
