#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/process.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/apps/trust_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/memory.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/plugin.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {
namespace {

void add_plugin_option(CLI::App& command, std::vector<std::string>& plugins) {
  command.add_option("--plugin", plugins, "shared library with energies, trainers or datasets of your own")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

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

std::string as_typed(int argc, char** argv) {
  std::string text = "dualebm";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    text += word.find_first_of(" \"'$&|;<>*?") == std::string::npos ? " " + word : " '" + word + "'";
  }
  return text;
}

/// What to say of a first word that is no subcommand; nothing if it is one, or an option.
std::optional<std::string> unknown_subcommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::vector<std::string> known;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[1]) return std::nullopt;
    known.push_back(command->get_name());
  }
  const auto near = nearest_name(argv[1], known);
  return fmt::format("{}: no such subcommand{}; known: {}", printable(argv[1]),
                     near ? fmt::format(" (did you mean \"{}\"?)", *near) : "", fmt::join(known, ", "));
}

/// More of them than this only wait for one another.
int most_threads() { return std::max(32, 8 * available_cores()); }

void use_threads(int count) {
  require(count <= most_threads(),
          "--threads {}: this process may use {} cores; at most {} threads are allowed", count,
          available_cores(), most_threads());
  set_threads(count > 0 ? count : available_cores());
}

void add_trust_option(CLI::App& command, bool& trust) {
  command.add_flag(
      "--trust-script", trust,
      "run the code of TorchScript files that energies are read from: only if you trust their makers");
}

}  // namespace

int run_command_line(int argc, char** argv, Catalogue catalogue) {
  prepare_process();
  CLI::App app(
      "Trains energy-based models by dual gradient descent-ascent and compares with maximum likelihood via "
      "Langevin.\n"
      "Start with:  dualebm fit FILE     or:  dualebm compare apps/configs/demo.json");
  app.name("dualebm");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 2 an error in what was asked for (one line on stderr), 3 done, but the numbers "
      "are "
      "not to be trusted (sample, diagnose, fit), 1 an error of the program or a result that could not be "
      "written, 130, 143 or 129 ended by SIGINT, SIGTERM or SIGHUP with a checkpoint.");

  TrainOptions training;
  auto* train_command = app.add_subcommand("train", "Train one energy; results go to a run directory");
  train_command->add_option("CONFIG", training.config, "configuration file (JSON); not needed with --resume");
  add_launch_options(*train_command, training, "seed");
  train_command->add_option("--resume", training.resume,
                            "go on with the run in this folder from its last checkpoint");
  train_command->footer(
      "Example: dualebm train apps/configs/sphere3_bimodal.json --set loop.iterations=1000 --out runs/first");

  LaunchOptions comparison;
  auto* compare_command = app.add_subcommand(
      "compare", "Train several entries over several seeds on the same data; table and report");
  compare_command->add_option("CONFIG", comparison.config, "configuration file (JSON)")->required();
  add_launch_options(*compare_command, comparison, "compare.seeds");
  compare_command->footer("Without compare.entries the four trainers of the paper are compared.");

  EvaluateOptions evaluation;
  auto* evaluate_command = app.add_subcommand("evaluate", "Metrics of a run, with units and base measures");
  evaluate_command->add_option("RUN", evaluation.run, "run directory")->required();
  evaluate_command->add_option("--data", evaluation.data,
                               "file of points to measure the likelihood of, read as the data of the run "
                               "were: columns by name, the transform of the run");
  evaluate_command->add_flag("--json", evaluation.json, "print one JSON object instead of a table");
  add_machine_options(*evaluate_command, evaluation.device, evaluation.threads);

  TrustCommands trust(app);

  ExportOptions exporting;
  auto* export_command = app.add_subcommand("export", "The energy of a run as a file for Python, verified");
  export_command->add_option("RUN", exporting.run, "run directory")->required();
  export_command->add_option("-o,--out", exporting.out,
                             "file to write (default: export.pt or export.safetensors in the run directory)");
  export_command
      ->add_option("--format", exporting.format,
                   "torchscript: forward, score and weights, for torch.jit.load; safetensors: weights alone")
      ->check(CLI::IsMember({"torchscript", "safetensors"}))
      ->capture_default_str();
  export_command->add_flag("--force", exporting.force, "replace a file that is there already");

  CheckOptions checking;
  auto* check_command = app.add_subcommand(
      "check",
      "Whether a configuration can be trained, and an energy of your own keeps what training relies on");
  check_command->add_option("CONFIG", checking.config, "configuration file (JSON)")->required();
  check_command->add_option("--set", checking.overrides, "override one key")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);

  std::string kind;
  auto* list_command =
      app.add_subcommand("list", "Every energy, trainer, dataset, ... with its options and defaults");
  list_command->add_option("KIND", kind, "only this kind, e.g. trainer");

  std::vector<std::string> plugins;
  bool trust_scripts = false;
  for (auto* command : app.get_subcommands({})) {
    add_plugin_option(*command, plugins);
    add_trust_option(*command, trust_scripts);
  }

  keep_freed_memory();
  const auto run = [&] {
    app.parse(argc, argv);
    for (const auto& plugin : plugins) load_plugin(plugin, catalogue);
    catalogue.trust_scripts = trust_scripts;
    training.settings.command = comparison.settings.command = as_typed(argc, argv);
    training.settings.plugins = comparison.settings.plugins = plugins;
    use_threads(std::max(
        {training.settings.threads, comparison.settings.threads, evaluation.threads, trust.threads()}));
    if (train_command->parsed()) return train(training, catalogue);
    if (compare_command->parsed()) return compare(comparison, catalogue);
    if (evaluate_command->parsed()) evaluate(evaluation, catalogue);
    if (const auto code = trust.run(catalogue, training.settings.command, plugins)) return *code;
    if (export_command->parsed()) export_run(exporting, catalogue);
    if (check_command->parsed()) return check_configuration(checking, catalogue);
    if (list_command->parsed()) list(kind, catalogue);
    return 0;
  };
  const auto code = explain_errors([&] {
    try {
      return run();
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app.exit(error);
      if (const auto message = unknown_subcommand(app, argc, argv)) return report_error(2, *message);
      return report_error(2, first_line(error.what()) + " (dualebm --help tells the usage)");
    }
  });
  return after_output(code, /*also_in_files=*/train_command->parsed() || compare_command->parsed());
}

}  // namespace ebm
