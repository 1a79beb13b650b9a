#include "dualebm/apps/trust_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace ebm {
namespace {

constexpr const char* exit_code_note =
    "Exit code 3: the numbers were written, and are not to be trusted; the lines marked FAIL say why and "
    "what to do.";

/// What `sample` and `diagnose` say alike of the run and of the chains.
template <class Options>
void add_chain_options(CLI::App& command, Options& o) {
  command.add_option("RUN", o.run, "run directory")->required();
  command.add_option("--kernel", o.kernel, "kernel of the chains, as in `dualebm list sampler`")
      ->capture_default_str();
  command.add_option("--set", o.overrides, "an option of the kernel, e.g. --set leapfrog_steps=10")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--warm-up", o.warm_up, "steps in which the kernel adapts; none of them is kept")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--steps", o.steps,
                  "steps of each chain at most; rounds of 128, 256, 512, ... end where the chains agree")
      ->check(CLI::Range(16, 1 << 30))
      ->capture_default_str();
  command.add_option("--seed", o.seed, "seed of the chains")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_threads(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "threads to use; 0: all cores")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
}

}  // namespace

TrustCommands::TrustCommands(CLI::App& app) {
  add_fit(app);
  add_sample(app);
  add_diagnose(app);
  add_score(app);
}

void TrustCommands::add_sample(CLI::App& app) {
  auto& o = sample_;
  auto& command = *(sample_command_ = app.add_subcommand(
                        "sample", "Points of a trained energy by exact chains, with a verdict; CSV or .npy"));
  command.add_option("-n,--count", o.count, "number of points")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("-o,--out", o.out,
                     "file to write, NumPy's where it ends in .npy; CSV to standard output if left out");
  add_chain_options(command, o);
  command.add_option("--chains", o.chains, "chains side by side; 0: 64, and more for more than 16384 points")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--device", o.device, "cpu, cuda or cuda:I")->capture_default_str();
  add_threads(command, o.threads);
  command.footer(
      std::string("Chains begin half at the data and half in a wider base, adapt during the warm-up alone, "
                  "and run until\n"
                  "R-hat is at most 1.01 and 400 effective draws are there, or --steps are done. Points come "
                  "back through\n"
                  "the run's transform, with the names of its columns and every digit of its dtype.\n") +
      exit_code_note + "\nExample: dualebm sample runs/first -n 10000 -o points.npy");
}

void TrustCommands::add_diagnose(CLI::App& app) {
  auto& o = diagnose_;
  auto& command =
      *(diagnose_command_ = app.add_subcommand(
            "diagnose", "Whether the particles of a run are its model, and whether that can be sampled"));
  add_chain_options(command, o);
  command.add_option("--chains", o.chains, "chains side by side")
      ->check(CLI::Range(2, 65536))
      ->capture_default_str();
  command.add_flag("--json", o.json, "print one JSON object instead of lines");
  add_threads(command, o.threads);
  command.footer(std::string("Fresh long chains of the final model are judged by R-hat, effective draws, "
                             "acceptance and the flux of jumps;\n"
                             "then the particles of the checkpoint against fresh chains of the energy that "
                             "they followed: energies, places,\n"
                             "MMD, Stein discrepancy, flux. Where the particles were not the model, the "
                             "gradients that trained it were wrong.\n") +
                 exit_code_note + "\nExample: dualebm diagnose runs/first");
}

void TrustCommands::add_score(CLI::App& app) {
  auto& o = score_;
  auto& command =
      *(score_command_ = app.add_subcommand(
            "score", "Energy, likelihood and percentile of every row of a file; AUROC where it has labels"));
  command.add_option("RUN", o.run, "run directory")->required();
  command
      .add_option("DATA", o.data,
                  "file in the form of the run's own data: the same columns by name, the same dialect")
      ->required();
  command.add_option("-o,--out", o.out, "CSV file to write; standard output if left out");
  command.add_option("--label", o.label,
                     "column of the labels: carried along, and rows of --anomaly ranked against the rest");
  command.add_option("--anomaly", o.anomaly, "the label that ought to have high energies")
      ->capture_default_str();
  command
      .add_option("--against", o.against,
                  "rows of the run that percentiles are taken of; default: held-out ones where there are 50, "
                  "else training")
      ->check(CLI::IsMember({"train", "held-out"}));
  command.add_flag("--log-z", o.log_z,
                   "estimate log Z where neither quadrature nor a closed form gives it, and keep it");
  command.add_flag("--json", o.json, "print the summary as one JSON object");
  add_threads(command, o.threads);
  command.footer(
      "Columns: row (from 0), the label, energy (nats), log_likelihood (nats, per volume of the raw data, "
      "where log Z is known),\n"
      "percentile of the energy among the run's own rows: 99 and above is unlike what was trained on.\n"
      "AUROC comes with DeLong's interval, average precision with one by the bootstrap.\n"
      "Example: dualebm score runs/first new.csv --label class --anomaly fraud -o scores.csv");
}

void TrustCommands::add_fit(CLI::App& app) {
  auto& o = fit_;
  auto& command =
      *(fit_command_ = app.add_subcommand(
            "fit",
            "From a file to a density that can be trusted: chooses everything, trains, diagnoses, reports"));
  command
      .add_option("DATA", o.data,
                  "a table (CSV and the like), points on the globe, a NumPy file, or IDX images")
      ->required();
  command.add_option("--columns", o.columns, "columns of a table to take; default: all but the label")
      ->delimiter(',');
  command.add_option("--label", o.label, "column that is a class and no coordinate");
  command.add_option("--keep-label", o.keep_label, "only rows with this label");
  command.add_option("--minutes", o.minutes, "time for training, in minutes")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--out", o.out, "folder of the run (default: runs/ and the file's name)");
  command.add_option("--write-config", o.config,
                     "only write the configuration to this file, and train nothing");
  command
      .add_option("--set", o.overrides,
                  "change a key of the configuration that was chosen, e.g. --set energy.hidden=[32]")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--seed", o.seed, "seed of everything random")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_flag("--force", o.force, "replace a run that the folder holds already");
  add_threads(command, o.threads);
  command.footer(
      std::string(
          "What was chosen is printed, and written as a configuration that `dualebm train` takes and that "
          "gives the same\n"
          "bits. A tenth of the rows each is held out for validation, which ends the training, and for the "
          "test, on\n"
          "which the model is compared with a Gaussian and a kernel density (on the globe with a von "
          "Mises-Fisher\n"
          "one and the uniform law). Ctrl-C ends the training and goes on with the best model so far.\n") +
      exit_code_note + "\nExample: dualebm fit measurements.csv --label class --out runs/measurements");
}

int TrustCommands::threads() const {
  return std::max({sample_.threads, diagnose_.threads, score_.threads, fit_.threads});
}

std::optional<int> TrustCommands::run(const Catalogue& catalogue, const std::string& command,
                                      const std::vector<std::string>& plugins) {
  fit_.command = command;
  fit_.plugins = plugins;
  if (sample_command_->parsed()) return sample(sample_, catalogue);
  if (diagnose_command_->parsed()) return diagnose(diagnose_, catalogue);
  if (fit_command_->parsed()) return fit_data(fit_, catalogue);
  if (!score_command_->parsed()) return std::nullopt;
  score(score_, catalogue);
  return 0;
}

}  // namespace ebm
