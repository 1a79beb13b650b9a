#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/experiment/catalogue.hpp"

namespace CLI {
class App;
}

namespace ebm {

struct SampleOptions {
  std::string run, out, device = "cpu", kernel = "hmc_and_jumps";
  std::vector<std::string> overrides;
  std::int64_t count = 1000, chains = 0, warm_up = 500, steps = 8192, seed = 0;
  int threads = 0;
};

struct DiagnoseOptions {
  std::string run, kernel = "hmc_and_jumps";
  std::vector<std::string> overrides;
  std::int64_t chains = 64, warm_up = 500, steps = 8192, seed = 0;
  int threads = 0;
  bool json = false;
};

struct ScoreOptions {
  std::string run, data, out, label, anomaly = "1", against;
  int threads = 0;
  bool json = false, log_z = false;
};

struct FitCommandOptions {
  std::string data, out, config, label, keep_label;
  std::vector<std::string> columns, overrides, plugins;
  double minutes = 10;
  std::int64_t seed = 0;
  int threads = 0;
  bool force = false;
  std::string command;  ///< as typed, for the report
};

/// `dualebm sample`: points of a trained energy by exact chains, with a verdict.
/// @return the exit code, see not_trusted
int sample(const SampleOptions& options, const Catalogue& catalogue);

/// `dualebm diagnose`: whether the particles of a run are its model, and whether that can be sampled.
/// @return likewise
int diagnose(const DiagnoseOptions& options, const Catalogue& catalogue);

/// `dualebm score`: energies, likelihoods and percentiles of rows of a file.
void score(const ScoreOptions& options, const Catalogue& catalogue);

/// `dualebm fit`: from a file to a trusted density. @return the exit code, likewise
int fit_data(const FitCommandOptions& options, const Catalogue& catalogue);

/// The subcommands whose results come with a verdict, as the command line has them.
class TrustCommands final {
 public:
  /// Adds them to the program.
  explicit TrustCommands(CLI::App& app);

  /// Of the one that was asked for; 0: all, or none was.
  int threads() const;
  /// Runs the one that was asked for. @param command  as typed @return its exit code; none if none was
  std::optional<int> run(const Catalogue& catalogue, const std::string& command,
                         const std::vector<std::string>& plugins);

 private:
  void add_sample(CLI::App& app);
  void add_diagnose(CLI::App& app);
  void add_score(CLI::App& app);
  void add_fit(CLI::App& app);

  SampleOptions sample_;
  DiagnoseOptions diagnose_;
  ScoreOptions score_;
  FitCommandOptions fit_;
  CLI::App *sample_command_ = nullptr, *diagnose_command_ = nullptr, *score_command_ = nullptr,
           *fit_command_ = nullptr;
};

}  // namespace ebm
