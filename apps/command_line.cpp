#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/command_options.hpp"
#include "dualebm/apps/process.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/apps/trust_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/compute/blas.hpp"
#include "dualebm/framework/compute/communicator.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/memory.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/plugin.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {
namespace {

void describe_program(CLI::App& app) {
  app.name("dualebm");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 2 an error in what was asked for (one line on stderr), 3 done, but the numbers "
      "are not to be trusted (sample, diagnose, fit, check-device), 1 an error of the program or a result "
      "that could not be "
      "written, 130, 143 or 129 ended by SIGINT, SIGTERM or SIGHUP with a checkpoint.");
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

/// @param count  0: the cores that this process may use, shared with the other ranks of the machine where a
/// launcher has not given each its own
void use_threads(int count) {
  require(count <= most_threads(),
          "--threads {}: this process may use {} cores; at most {} threads are allowed", count,
          available_cores(), most_threads());
  const bool has_own_cores = available_cores() < static_cast<int>(std::thread::hardware_concurrency());
  set_threads(count > 0 ? count
                        : std::max(1, available_cores() / (has_own_cores ? 1 : ranks_on_this_machine())));
  require_blas_buffers(threads());
}

/// What this rank says, and when it ends with an error: the first one speaks for all at once, and ends them;
/// where only another has met the error, it speaks after a while.
template <class Body>
int for_all_ranks(Communicator& ranks, Body body) {
  mute_output(!ranks.is_first());
  try {
    return body();
  } catch (const std::exception&) {
    if (!ranks.is_first()) std::this_thread::sleep_for(std::chrono::seconds(2));
    mute_output(false);
    if (!ranks.is_first()) note("rank {}: ", ranks.rank());
    throw;
  }
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
  CompareOptions comparison;
  ReportOptions reporting;
  EvaluateOptions evaluation;
  ExportOptions exporting;
  CheckOptions checking;
  DeviceOptions of_device;
  std::string kind;
  const auto* train_command = add_train(app, training);
  const auto* compare_command = add_compare(app, comparison);
  const auto* report_command = add_report(app, reporting);
  const auto* evaluate_command = add_evaluate(app, evaluation);
  TrustCommands trust(app);
  const auto* export_command = add_export(app, exporting);
  const auto* check_command = add_check(app, checking);
  const auto* device_command = add_check_device(app, of_device);
  const auto* list_command = add_list(app, kind);

  std::vector<std::string> plugins;
  bool trust_scripts = false;
  for (auto* command : app.get_subcommands({})) {
    add_plugin_option(*command, plugins);
    add_trust_option(*command, trust_scripts);
  }

  keep_freed_memory();
  std::shared_ptr<Communicator> ranks = std::make_shared<Alone>();
  const auto run = [&] {
    app.parse(argc, argv);
    ranks->set_patience(training.rank_timeout);
    require(ranks->size() == 1 || train_command->parsed(),
            "ranks: {} were started, and only train is for more than one", ranks->size());
    training.settings.ranks = ranks;
    for (const auto& plugin : plugins) load_plugin(plugin, catalogue);
    catalogue.trust_scripts = trust_scripts;
    training.settings.command = comparison.settings.command = as_typed(argc, argv);
    training.settings.plugins = comparison.settings.plugins = plugins;
    use_threads(std::max({training.settings.threads, comparison.settings.threads, reporting.threads,
                          evaluation.threads, of_device.threads, trust.threads()}));
    if (train_command->parsed()) return train(training, catalogue);
    if (compare_command->parsed()) return compare(comparison, catalogue);
    if (report_command->parsed()) report_on(reporting, catalogue);
    if (evaluate_command->parsed()) evaluate(evaluation, catalogue);
    if (const auto code = trust.run(catalogue, training.settings.command, plugins)) return *code;
    if (export_command->parsed()) export_run(exporting, catalogue);
    if (check_command->parsed()) return check_configuration(checking, catalogue);
    if (device_command->parsed()) return check_device(of_device);
    if (list_command->parsed()) list(kind, catalogue);
    return 0;
  };
  const auto code = explain_errors([&] {
    try {
      ranks = launched_ranks();
      return for_all_ranks(*ranks, run);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app.exit(error);
      if (const auto message = unknown_subcommand(app, argc, argv)) return report_error(2, *message);
      return report_error(2, first_line(error.what()) + " (dualebm --help tells the usage)");
    }
  });
  // Who is interrupted ends with the others; an error ends them.
  if (ranks->size() > 1 && (code == 1 || code == 2)) ranks->end_all(code);
  return after_output(code, /*also_in_files=*/train_command->parsed() || compare_command->parsed());
}

}  // namespace ebm
