#pragma once

#include <string>
#include <vector>

#include "dualebm/apps/command_line.hpp"

namespace CLI {
class App;
}

namespace ebm {

/// More of them than this only wait for one another.
int most_threads();

/// Subcommands with their options, which are read into what is given.
CLI::App* add_train(CLI::App& app, TrainOptions& options);
CLI::App* add_compare(CLI::App& app, CompareOptions& options);
CLI::App* add_tune(CLI::App& app, TuneOptions& options);
CLI::App* add_report(CLI::App& app, ReportOptions& options);
CLI::App* add_evaluate(CLI::App& app, EvaluateOptions& options);
CLI::App* add_export(CLI::App& app, ExportOptions& options);
CLI::App* add_check(CLI::App& app, CheckOptions& options);
CLI::App* add_check_device(CLI::App& app, DeviceOptions& options);
CLI::App* add_list(CLI::App& app, std::string& kind);

/// What every subcommand takes.
void add_plugin_option(CLI::App& command, std::vector<std::string>& plugins);
void add_trust_option(CLI::App& command, bool& trust);

}  // namespace ebm
