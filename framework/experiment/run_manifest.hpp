#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// Keeps the manifest.json of a run up to date: whose it is, what made it, how it stands.
class RunManifest final {
 public:
  /// Nothing is written yet. A run that goes on keeps its name, and when and how it began.
  RunManifest(const RunDirectory& directory, const Experiment& experiment, const Training& training,
              const RunSettings& settings);

  /// Of the run, see new_run_name.
  std::string name() const { return content_["run"].get<std::string>(); }

  /// Whether the run had diverged when it was left.
  bool had_diverged() const;

  /// Notes that the run was taken up again, where, and with what changed.
  void note_resumption(std::int64_t iteration, Json changes);

  /// What the run was trained on, so that whoever reads its data again can tell whether they are the same.
  void note_data(const Problem& problem);

  /// What the particles' step does to the result; empty: nothing to say.
  void note_caution(const std::string& caution);

  /// Writes it whole. Nothing on ranks but the first.
  /// @param status  see RunStanding @throws UserError if it cannot be written
  void write(const std::string& status, const Progress& progress);

  /// The same where something has failed already: what fails here as well would hide it.
  void try_to_write(const std::string& status, const Progress& progress);

 private:
  const Training* training_;
  std::filesystem::path path_;
  Json before_, content_;
  double seconds_before_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace ebm
