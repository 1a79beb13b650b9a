#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/process.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/apps/trust_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/compute/blas.hpp"
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

void describe_program(CLI::App& app) {
  app.name("dualebm");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 2 an error in what was asked for (one line on stderr), 3 done, but the numbers "
      "are "
      "not to be trusted (sample, diagnose, fit), 1 an error of the program or a result that could not be "
      "written, 130, 143 or 129 ended by SIGINT, SIGTERM or SIGHUP with a checkpoint.");
}

CLI::App* add_train(CLI::App& app, TrainOptions& options) {
  auto* command = app.add_subcommand("train", "Train one energy; results go to a run directory");
  command->add_option("CONFIG", options.config, "configuration file (JSON); not needed with --resume");
  add_launch_options(*command, options, "seed");
  command->add_option("--resume", options.resume,
                      "go on with the run in this folder from its last checkpoint");
  command->footer(
      "Example: dualebm train apps/configs/sphere3_bimodal.json --set loop.iterations=1000 --out runs/first");
  return command;
}

CLI::App* add_compare(CLI::App& app, LaunchOptions& options) {
  auto* command = app.add_subcommand(
      "compare", "Train several entries over several seeds on the same data; table and report");
  command->add_option("CONFIG", options.config, "configuration file (JSON)")->required();
  add_launch_options(*command, options, "compare.seeds");
  command->footer("Without compare.entries the four trainers of the paper are compared.");
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

CLI::App* add_list(CLI::App& app, std::string& kind) {
  auto* command =
      app.add_subcommand("list", "Every energy, trainer, dataset, ... with its options and defaults");
  command->add_option("KIND", kind, "only this kind, e.g. trainer");
  return command;
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
  require_blas_buffers(threads());
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
  describe_program(app);
  TrainOptions training;
  LaunchOptions comparison;
  EvaluateOptions evaluation;
  ExportOptions exporting;
  CheckOptions checking;
  std::string kind;
  const auto* train_command = add_train(app, training);
  const auto* compare_command = add_compare(app, comparison);
  const auto* evaluate_command = add_evaluate(app, evaluation);
  TrustCommands trust(app);
  const auto* export_command = add_export(app, exporting);
  const auto* check_command = add_check(app, checking);
  const auto* list_command = add_list(app, kind);

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
