#pragma once

#include <string>
#include <vector>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// The whole program: parses, runs a subcommand, prints errors on stderr.
/// @param catalogue  what configurations can name; plugins add to it
/// @return the exit code: 0 done, 2 the user's error (one clear line), 1 ours, 3 numbers
/// that are not to be trusted (trust_commands.hpp), 128 + n ended by signal n.
int run_command_line(int argc, char** argv, Catalogue catalogue = standard_catalogue());

/// Options that `train` and `compare` share.
struct LaunchOptions {
  std::string config;
  std::vector<std::string> overrides;
  std::string out;
  bool force = false;
  RunSettings settings;
};

struct TrainOptions : LaunchOptions {
  std::string resume;
  double rank_timeout = 300;  ///< seconds that a rank waits for another
};

/// Of what trains many energies.
struct QueueOptions : LaunchOptions {
  std::string resume;   ///< a folder of a comparison, or a search, to go on with
  int workers = 0;      ///< processes that train side by side; 0: as many as there are cores and memory for
  bool worker = false;  ///< whether this process is one of them
  bool device_given = false;  ///< with --device, which a comparison that goes on has too
};

struct CompareOptions : QueueOptions {};

struct TuneOptions : QueueOptions {};

struct ReportOptions {
  std::string folder, device = "cpu";
  int threads = 0;
};

struct EvaluateOptions {
  std::string run, data, device = "cpu";
  int threads = 0;
  bool json = false;
};

struct ExportOptions {
  std::string run, out, format = "torchscript";
  bool force = false;
};

struct DeviceOptions {
  std::string device = "cuda";
  int threads = 0;
};

struct CheckOptions {
  std::string config;
  std::vector<std::string> overrides;
};

/// `dualebm check`: whether the domain and the energy of a configuration keep what training relies on, see
/// ebm::check, and the training can be made. @return the exit code, 2 where something was found
int check_configuration(const CheckOptions& options, const Catalogue& catalogue);

/// `dualebm check-device`: what the kernels compute on a device against the CPU in double, a training by CUDA
/// graphs against one without, and how fast it all is.
/// @return the exit code, 3 where something differs
int check_device(const DeviceOptions& options);

/// `dualebm train`: one run in its folder. @return the exit code
int train(const TrainOptions& options, const Catalogue& catalogue);

/// `dualebm compare`: entries × seeds, by several workers or one; tables, comparison.json, report.html.
/// @return the exit code
int compare(CompareOptions options, const Catalogue& catalogue);

/// `dualebm tune`: a search over ranges of the configuration's keys by validation alone; table,
/// trials.json, best.json, report.html.
/// @return the exit code
int tune(TuneOptions options, const Catalogue& catalogue);

/// `dualebm report`: the tables and the page of a comparison or a search, of what has
/// ended so far, or of a run.
void report_on(const ReportOptions& options, const Catalogue& catalogue);

/// `dualebm evaluate`: metrics of a finished or interrupted run.
void evaluate(const EvaluateOptions& options, const Catalogue& catalogue);

/// `dualebm export`: the energy of a run as a file for Python, verified.
void export_run(const ExportOptions& options, const Catalogue& catalogue);

/// `dualebm list`: every energy, trainer, ... with its options. @param kind  one of them; empty: all
void list(const std::string& kind, const Catalogue& catalogue);

}  // namespace ebm
