#include "dualebm/framework/storage/run_directory.hpp"
#include "dualebm/framework/settings/config_file.hpp"

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <system_error>

#include <torch/version.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/version.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {
namespace {

constexpr const char* known_files[] = {"config.json", "manifest.json", "metrics.jsonl",     "checkpoint.ebm",
                                       "model.ebm",   "transform.ebm", "density.json",      "verdict.json",
                                       "report.html", "export.pt",     "export.safetensors"};

std::string now() {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}", __clang_version__);
#else
  return fmt::format("g++ {}", __VERSION__);
#endif
}

}  // namespace

void ensure_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  require(!error && std::filesystem::is_directory(path), "{}: the folder cannot be made: {}", path.string(),
          error.message());
}

RunDirectory RunDirectory::create(const std::filesystem::path& path, bool force) {
  RunDirectory run(path);
  ensure_folder(path);
  if (std::filesystem::is_empty(path)) return run;
  require(run.is_ours(), "{}: not empty and not a run", path.string());
  if (!force) throw RunExists(fmt::format("{}: holds a run already ({})", path.string(), run.status()));
  for (const char* name : known_files) std::filesystem::remove(path / name);
  return run;
}

RunDirectory RunDirectory::open(const std::filesystem::path& path) {
  RunDirectory run(path);
  require(std::filesystem::exists(run.config()), "{}: not a run: it has no config.json", path.string());
  return run;
}

bool RunDirectory::is_ours() const {
  if (!std::filesystem::exists(manifest())) return false;
  const auto content = read_json_file(manifest().string());
  return content.is_object() && content.value("program", "").starts_with("dualebm");
}

std::string RunDirectory::status() const {
  if (!std::filesystem::exists(manifest())) return "running";
  const auto content = read_json_file(manifest().string());
  return content.value("status", "running");
}

Json program_manifest(const std::string& device, int threads) {
  return {{"program", "dualebm " DUALEBM_VERSION},
          {"libtorch", TORCH_VERSION},
          {"compiler", compiler()},
          {"device", device},
          {"threads", threads},
          {"started", now()}};
}

void write_json(const std::filesystem::path& path, const Json& value) {
  write_atomically(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace ebm
