#include "dualebm/apps/comparison/comparison_folder.hpp"

#include <nlohmann/json.hpp>
#include <system_error>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/run_directory.hpp"

namespace ebm {
namespace {

/// A resolved configuration without what says nothing about one training of a comparison.
Json of_one_training(Json resolved) {
  resolved.erase("compare");
  resolved.erase("tune");
  resolved.erase("title");
  return resolved;
}

}  // namespace

bool ComparisonFolder::holds_one() const {
  return std::filesystem::exists(plan()) || std::filesystem::exists(tables());
}

void ComparisonFolder::write(const ComparisonRequest& request) const {
  write_json(plan(), {{"program", fmt::format("dualebm {}", request.program)},
                      {"configuration", request.configuration},
                      {"working_folder", request.working_folder},
                      {"command", request.command},
                      {"device", request.device},
                      {"plugins", request.plugins},
                      {"evaluate_at", request.evaluate_at}});
}

ComparisonRequest ComparisonFolder::read() const {
  require(std::filesystem::exists(plan()), "{}: not a comparison or a search: it has no plan.json",
          root_.string());
  const auto content = read_json_file(plan().string());
  try {
    const auto program = content.at("program").get<std::string>();
    require(program.starts_with("dualebm "), "{}: not a plan of this program: {}", plan().string(),
            printable(program));
    return {.program = program.substr(std::string_view("dualebm ").size()),
            .configuration = content.at("configuration"),
            .working_folder = content.at("working_folder").get<std::string>(),
            .command = content.at("command").get<std::string>(),
            .device = content.at("device").get<std::string>(),
            .plugins = content.at("plugins").get<std::vector<std::string>>(),
            .evaluate_at = content.at("evaluate_at").get<std::vector<std::int64_t>>()};
  } catch (const Json::exception& error) {
    fail("{}: not a plan of a comparison: {}", plan().string(), error.what());
  }
}

ComparisonRequest ComparisonFolder::read_of(const std::string& program) const {
  auto request = read();
  require(request.program == program, "{}: made by dualebm {}, which goes on with it by --resume",
          root_.string(), request.program);
  return request;
}

bool ComparisonFolder::is_done(const PlannedTraining& planned) const {
  const auto folder = of(planned);
  const auto standing = standing_of(folder);
  if (!standing.begun || !standing.over()) return false;
  const auto trained_by = read_json_file((folder / "config.json").string());
  return of_one_training(trained_by) == of_one_training(planned.experiment.resolved);
}

void enter_working_folder(const ComparisonRequest& request) {
  std::error_code error;
  std::filesystem::current_path(request.working_folder, error);
  require(!error, "{}: the folder that the comparison was begun in: {}", request.working_folder,
          error.message());
}

}  // namespace ebm
