#include "dualebm/apps/comparison/comparison_request.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/apps/run_folders.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

std::filesystem::path whole(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

std::vector<std::string> whole(const std::vector<std::string>& paths) {
  std::vector<std::string> absolute;
  for (const auto& path : paths) absolute.push_back(whole(std::filesystem::path(path)).string());
  return absolute;
}

ComparisonRequest fresh(const QueueOptions& options, const std::string& program) {
  const auto& settings = options.settings;
  return {.program = program,
          .configuration = load_configuration(options.config, options.overrides),
          .working_folder = std::filesystem::current_path().string(),
          .command = settings.command,
          .device = settings.device,
          .plugins = whole(settings.plugins)};
}

}  // namespace

ComparisonRequest request_of(QueueOptions& options, const std::string& program) {
  require(!options.resume.empty() || !options.config.empty(),
          "{}: give a configuration file, or --resume DIR", program);
  if (options.resume.empty()) return fresh(options, program);
  require(options.out.empty(), "{}: --out and --resume name a folder each; take one of them", program);
  require(!options.force, "{}: --force throws away what --resume goes on with; take one of them", program);
  // Absolute, before the folder is changed.
  options.resume = whole(std::filesystem::path(options.resume)).string();
  auto request = ComparisonFolder(options.resume).read_of(program);
  if (!options.device_given) options.settings.device = request.device;
  if (!options.config.empty()) {
    auto changed = fresh(options, program);
    changed.evaluate_at = request.evaluate_at;
    return changed;
  }
  request.device = options.settings.device;
  if (!options.settings.plugins.empty()) request.plugins = whole(options.settings.plugins);
  enter_working_folder(request);
  for (const auto& assignment : options.overrides) apply_override(request.configuration, assignment);
  return request;
}

std::filesystem::path root_of(const QueueOptions& options, const std::string& program,
                              const std::string& title) {
  if (!options.resume.empty()) return options.resume;
  return options.out.empty() ? default_folder(fmt::format("{}-{}", title, program))
                             : std::filesystem::path(options.out);
}

void require_free(const ComparisonFolder& folder, const QueueOptions& options) {
  if (!options.resume.empty() || options.force || !folder.holds_one()) return;
  const auto path = folder.root().string();
  require(std::filesystem::exists(folder.plan()),
          "{}: holds the tables of a comparison; --force replaces it, --out chooses another folder", path);
  const auto program = folder.read().program;
  fail(
      "{}: holds a {} already; --resume {} goes on with it, --force replaces it, --out chooses another "
      "folder",
      path, program == "tune" ? "search" : "comparison", path);
}

int say_incomplete(const ComparisonFolder& folder, const std::string& program, const std::string& done) {
  note("{}: {}; dualebm {} --resume {} goes on\n", Interrupt::signal() != 0 ? "interrupted" : "incomplete",
       done, program, folder.root().string());
  return Interrupt::signal() != 0 ? 128 + Interrupt::signal() : 1;
}

}  // namespace ebm
