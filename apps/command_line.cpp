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
      "that could not be written, 130, 143 or 129 ended by SIGINT, SIGTERM or SIGHUP with a checkpoint.");
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

/// What an error of the command line is answered with. @return the exit code
int explain_usage(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return app.exit(error);
  if (const auto message = unknown_subcommand(app, argc, argv)) return report_error(2, *message);
  return report_error(2, first_line(error.what()) + " (dualebm --help tells the usage)");
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

/// The subcommands, with what each of them was given.
class Commands final {
 public:
  explicit Commands(CLI::App& app)
      : train_(add_train(app, training_)),
        compare_(add_compare(app, comparison_)),
        tune_(add_tune(app, tuning_)),
        report_(add_report(app, reporting_)),
        evaluate_(add_evaluate(app, evaluation_)),
        trust_(app),
        export_(add_export(app, exporting_)),
        check_(add_check(app, checking_)),
        check_device_(add_check_device(app, of_device_)),
        list_(add_list(app, kind_)) {
    for (auto* command : app.get_subcommands({})) {
      add_plugin_option(*command, plugins_);
      add_trust_option(*command, trust_scripts_);
    }
  }

  /// Does what was asked for. @param command  as typed @return the exit code
  int run(const std::string& command, Catalogue& catalogue, const std::shared_ptr<Communicator>& ranks) {
    ranks->set_patience(training_.rank_timeout);
    require(ranks->size() == 1 || train_->parsed(),
            "ranks: {} were started, and only train is for more than one", ranks->size());
    training_.settings.ranks = ranks;
    for (const auto& plugin : plugins_) load_plugin(plugin, catalogue);
    catalogue.trust_scripts = trust_scripts_;
    for (auto* settings : {&training_.settings, &comparison_.settings, &tuning_.settings}) {
      settings->command = command;
      settings->plugins = plugins_;
    }
    use_threads(std::max({training_.settings.threads, comparison_.settings.threads, tuning_.settings.threads,
                          reporting_.threads, evaluation_.threads, of_device_.threads, trust_.threads()}));
    if (train_->parsed()) return train(training_, catalogue);
    if (compare_->parsed()) return compare(comparison_, catalogue);
    if (tune_->parsed()) return tune(tuning_, catalogue);
    if (report_->parsed()) report_on(reporting_, catalogue);
    if (evaluate_->parsed()) evaluate(evaluation_, catalogue);
    if (const auto code = trust_.run(catalogue, command, plugins_)) return *code;
    if (export_->parsed()) export_run(exporting_, catalogue);
    if (check_->parsed()) return check_configuration(checking_, catalogue);
    if (check_device_->parsed()) return check_device(of_device_);
    if (list_->parsed()) list(kind_, catalogue);
    return 0;
  }

  /// Whether results are in files, and standard output only tells of them.
  bool write_files() const { return train_->parsed() || compare_->parsed() || tune_->parsed(); }

 private:
  TrainOptions training_;
  CompareOptions comparison_;
  TuneOptions tuning_;
  ReportOptions reporting_;
  EvaluateOptions evaluation_;
  ExportOptions exporting_;
  CheckOptions checking_;
  DeviceOptions of_device_;
  std::string kind_;
  std::vector<std::string> plugins_;
  bool trust_scripts_ = false;
  // In the order in which --help lists them.
  const CLI::App *train_, *compare_, *tune_, *report_, *evaluate_;
  TrustCommands trust_;
  const CLI::App *export_, *check_, *check_device_, *list_;
};

}  // namespace

int run_command_line(int argc, char** argv, Catalogue catalogue) {
  prepare_process();
  CLI::App app(
      "Trains energy-based models by dual gradient descent-ascent and compares with maximum likelihood via "
      "Langevin.\n"
      "Start with:  dualebm fit FILE     or:  dualebm compare apps/configs/demo.json");
  describe_program(app);
  Commands commands(app);
  keep_freed_memory();
  std::shared_ptr<Communicator> ranks = std::make_shared<Alone>();
  const auto code = explain_errors([&] {
    try {
      ranks = launched_ranks();
      return for_all_ranks(*ranks, [&] {
        app.parse(argc, argv);
        return commands.run(as_typed(argc, argv), catalogue, ranks);
      });
    } catch (const CLI::ParseError& error) {
      return explain_usage(app, error, argc, argv);
    }
  });
  // Who is interrupted ends with the others; an error ends them.
  if (ranks->size() > 1 && (code == 1 || code == 2)) ranks->end_all(code);
  return after_output(code, /*also_in_files=*/commands.write_files());
}

}  // namespace ebm
