#include "dualebm/apps/command_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "dualebm/framework/compute/device.hpp"

namespace ebm {
namespace {

void add_machine_options(CLI::App& command, std::string& device, int& threads) {
  command.add_option("--device", device, "cpu, cuda or cuda:I")->capture_default_str();
  command.add_option("--threads", threads, "threads to use; 0: all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

/// @param seed_key  what --seed sets: one seed of a training, the list of a comparison
void add_launch_options(CLI::App& command, LaunchOptions& options, const std::string& seed_key) {
  command.add_option("--set", options.overrides, "override one key, e.g. --set trainer.particle_step=0.01")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--out", options.out,
                     "folder for the results (default: runs/ and the configuration's title)");
  command
      .add_option_function<std::int64_t>(
          "--seed",
          [&options, seed_key](const std::int64_t& seed) {
            options.overrides.push_back(seed_key == "seed" ? fmt::format("seed={}", seed)
                                                           : fmt::format("compare.seeds=[{}]", seed));
          },
          fmt::format("seed of everything random; sets {}", seed_key))
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--force", options.force, "replace a run that the folder holds already");
  add_machine_options(command, options.settings.device, options.settings.threads);
}

void add_queue_options(CLI::App& command, QueueOptions& options, const std::string& of_resume) {
  command
      .add_option(
          "--workers", options.workers,
          "processes that train side by side, each with its share of the cores, or with --threads of its "
          "own; 0: as many as there are cores and memory for, one on a GPU. The results are the same; "
          "seconds are fairest with 1")
      ->check(CLI::Range(0, most_threads()))
      ->capture_default_str();
  command.add_option("--resume", options.resume, of_resume);
  command.get_option("--device")->each([&options](const std::string&) { options.device_given = true; });
  command.add_flag("--worker", options.worker, "what this program calls itself with")->group("");
}

}  // namespace

int most_threads() { return std::max(32, 8 * available_cores()); }

void add_plugin_option(CLI::App& command, std::vector<std::string>& plugins) {
  command.add_option("--plugin", plugins, "shared library with energies, trainers or datasets of your own")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

CLI::App* add_train(CLI::App& app, TrainOptions& options) {
  auto* command = app.add_subcommand("train", "Train one energy; results go to a run directory");
  command->add_option("CONFIG", options.config, "configuration file (JSON); not needed with --resume");
  add_launch_options(*command, options, "seed");
  command->add_option("--resume", options.resume,
                      "go on with the run in this folder from its last checkpoint");
  command
      ->add_option("--rank-timeout", options.rank_timeout,
                   "started by mpirun: seconds that a rank waits for another before all end")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->footer(
      "Example: dualebm train apps/configs/sphere3_bimodal.json --set loop.iterations=1000 --out runs/first");
  return command;
}

CLI::App* add_compare(CLI::App& app, CompareOptions& options) {
  auto* command = app.add_subcommand(
      "compare", "Train several entries over several seeds on the same data; table and report");
  command->add_option("CONFIG", options.config, "configuration file (JSON); not needed with --resume");
  add_launch_options(*command, options, "compare.seeds");
  add_queue_options(
      *command, options,
      "go on with the comparison in this folder: trainings that have ended are kept, begun ones go on, "
      "added seeds and entries are trained");
  command->footer(
      "Without compare.entries the four trainers of the paper are compared. Tables of what has ended so far: "
      "dualebm report DIR");
  return command;
}

CLI::App* add_tune(CLI::App& app, TuneOptions& options) {
  auto* command = app.add_subcommand(
      "tune",
      "Search ranges of a configuration's keys for the best validation likelihood; table, page, best.json");
  command->add_option("CONFIG", options.config,
                      "configuration file (JSON) with a section tune; not needed with --resume");
  add_launch_options(*command, options, "seed");
  add_queue_options(
      *command, options,
      "go on with the search in this folder: trials that have ended are kept, begun ones go on, and a "
      "random search may have more: --set tune.trials=40");
  command->footer(
      "The section says what is searched:\n"
      "  \"tune\": {\"trials\": 20, \"search\": \"halving\", \"ranges\": {\n"
      "    \"optimizer.learning_rate\": {\"from\": 1e-4, \"to\": 1e-1, \"scale\": \"log\"},\n"
      "    \"energy.neurons\": {\"values\": [32, 64, 128]}}}\n"
      "dualebm list tune has all of it. The validation points decide, the test points are looked at once, "
      "for the winner.\n"
      "Example: dualebm tune apps/configs/tune_moons.json --out runs/moons, then dualebm train "
      "runs/moons/best.json");
  return command;
}

CLI::App* add_report(CLI::App& app, ReportOptions& options) {
  auto* command = app.add_subcommand(
      "report", "Tables and page of a comparison or a search, also while it goes on, or of a run");
  command->add_option("DIR", options.folder, "folder of a comparison, a search or a run")->required();
  add_machine_options(*command, options.device, options.threads);
  return command;
}

CLI::App* add_evaluate(CLI::App& app, EvaluateOptions& options) {
  auto* command = app.add_subcommand("evaluate", "Metrics of a run, with units and base measures");
  command->add_option("RUN", options.run, "run directory")->required();
  command->add_option(
      "--data", options.data,
      "file of points to measure the likelihood of, read as the data of the run were: columns "
      "by name, the transform of the run");
  command->add_flag("--json", options.json, "print one JSON object instead of a table");
  add_machine_options(*command, options.device, options.threads);
  return command;
}

CLI::App* add_export(CLI::App& app, ExportOptions& options) {
  auto* command = app.add_subcommand("export", "The energy of a run as a file for Python, verified");
  command->add_option("RUN", options.run, "run directory")->required();
  command->add_option("-o,--out", options.out,
                      "file to write (default: export.pt or export.safetensors in the run directory)");
  command
      ->add_option("--format", options.format,
                   "torchscript: forward, score and weights, for torch.jit.load; safetensors: weights alone")
      ->check(CLI::IsMember({"torchscript", "safetensors"}))
      ->capture_default_str();
  command->add_flag("--force", options.force, "replace a file that is there already");
  return command;
}

CLI::App* add_check(CLI::App& app, CheckOptions& options) {
  auto* command = app.add_subcommand(
      "check",
      "Whether a configuration can be trained, and an energy of your own keeps what training relies on");
  command->add_option("CONFIG", options.config, "configuration file (JSON)")->required();
  command->add_option("--set", options.overrides, "override one key")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  return command;
}

CLI::App* add_check_device(CLI::App& app, DeviceOptions& options) {
  auto* command = app.add_subcommand(
      "check-device", "Whether a device computes what the CPU does, and how fast it is, in under a minute");
  add_machine_options(*command, options.device, options.threads);
  command->footer("Exit code 3 where something differs. With --device cpu it checks the CPU's own kernels.");
  return command;
}

CLI::App* add_list(CLI::App& app, std::string& kind) {
  auto* command =
      app.add_subcommand("list", "Every energy, trainer, dataset, ... with its options and defaults");
  command->add_option("KIND", kind, "only this kind, e.g. trainer");
  return command;
}

void add_trust_option(CLI::App& command, bool& trust) {
  command.add_flag(
      "--trust-script", trust,
      "run the code of TorchScript files that energies are read from: only if you trust their makers");
}

}  // namespace ebm
