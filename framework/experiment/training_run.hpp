#pragma once

#include <string>
#include <vector>

#include "dualebm/framework/experiment/making.hpp"
#include "dualebm/framework/storage/run_directory.hpp"
#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// How the program was asked to run something; what does not belong in a configuration.
struct RunSettings {
  std::string command;               ///< as typed, for the report
  std::string device = "cpu";        ///< of data, particles and parameters; or "cuda", "cuda:1"
  int threads = 0;                   ///< 0: all cores
  std::vector<std::string> plugins;  ///< see load_plugin
  /// What shows how far a run is; none: a line, or a bar, on stderr.
  std::shared_ptr<Callback> progress = nullptr;
  std::shared_ptr<Communicator> ranks = nullptr;  ///< who trains along; none: nobody
};

/// One training as it is, or was, in its folder.
struct TrainingRun {
  std::string label;                       ///< as on stderr and in tables
  std::int64_t seed = 0;                   ///< of the configuration
  RunEnd end = RunEnd::finished;           ///< how it ended
  std::string reason;                      ///< one line; empty where all iterations are done
  std::vector<Record> records;             ///< every evaluation, in order
  std::vector<Recovery> recoveries;        ///< every time that it went astray and was taken back
  Record last;                             ///< of the energy that the run ends with
  std::vector<MetricDescription> metrics;  ///< what may be in the records, in the order of tables
  std::shared_ptr<Energy> energy;          ///< undefined where the run diverged
  torch::Tensor
      particles;  ///< at the end, [N, d]; undefined for a trainer without any, and on ranks but the first
  std::string caution;  ///< about the step of the particles, one line; empty: none
  /// The end as manifests and tables show it: "finished", "stopped early: nll_validation has not ...".
  std::string status() const;
};

/// Trains in a run directory: writes everything the directory holds but the report, and shows
/// progress. Over ranks, all of them call it and the first one writes.
/// @param training  fresh, from make_training: what cannot be made is an error before any folder is
/// @param resume    go on from the checkpoint in the directory
/// @param evaluate_at  see FitOptions
/// @throws DivergedError, after the manifest has been brought up to date; the last checkpoints remain.
/// @throws UserError if the checkpoint to go on from is of another run, or damaged with the one before it
TrainingRun train_in(const RunDirectory& directory, const Experiment& experiment,
                     const PreparedProblem& prepared, Training& training, const RunSettings& settings,
                     const std::string& label, bool resume,
                     const std::vector<std::int64_t>& evaluate_at = {});

}  // namespace ebm
