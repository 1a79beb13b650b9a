#include "dualebm/framework/storage/run_directory.hpp"
#include "dualebm/framework/settings/config_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <system_error>

#include <torch/version.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/base/version.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {
namespace {

/// Files of a run in the order in which --force removes them. A run is there as long as its configuration is:
/// a kill in between leaves one that can be removed again, or taken up from its beginning.
constexpr const char* known_files[] = {"export.pt",     "export.safetensors", "report.html",
                                       "verdict.json",  "density.json",       "model.ebm",
                                       "metrics.jsonl", "checkpoint.ebm",     "checkpoint.older.ebm",
                                       "transform.ebm", "manifest.json",      "config.json"};

bool is_temporary(const std::filesystem::path& path) {
  return path.filename().string().starts_with(temporary_prefix) && path.extension() == ".tmp";
}

/// Whether the process that a temporary file is called after may still be writing it.
bool has_writer(const std::filesystem::path& path) {
  const auto process = std::atol(path.filename().string().substr(temporary_prefix.size()).c_str());
  return process > 0 && process != ::getpid() &&
         (::kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM);
}

/// Whether a lock is this program's.
/// @param begun  otherwise it may also be what a kill or a loss of power leaves of one that was about to be
/// made: the beginning of its text, with zeros behind it
bool is_own_lock(const std::filesystem::path& path, bool begun) {
  if (std::filesystem::symlink_status(path).type() != std::filesystem::file_type::regular) return false;
  constexpr std::size_t most = 4096;
  if (std::filesystem::file_size(path) > most) return false;
  auto text = read_whole(path, most);
  if (text.starts_with(RunLock::mark)) return true;
  text.erase(text.find_last_not_of('\0') + 1);
  return !begun && std::string_view(RunLock::mark).starts_with(text);
}

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
  std::vector<std::filesystem::path> missing;
  for (auto folder = path; !folder.empty() && !std::filesystem::exists(folder, error);
       folder = folder.parent_path())
    missing.push_back(folder);
  std::filesystem::create_directories(path, error);
  require(!error && std::filesystem::is_directory(path), "{}: the folder cannot be made: {}", path.string(),
          error ? error.message() : "something else has the name");
  for (const auto& folder : missing) flush_folder(folder.has_parent_path() ? folder.parent_path() : ".");
}

RunDirectory RunDirectory::create(const std::filesystem::path& path, bool force) {
  RunDirectory run(path);
  ensure_folder(path);
  require(run.is_blank() || run.is_ours(), "{}: not empty and not a run", path.string());
  run.lock();
  if (run.is_blank()) return run;
  require(run.is_ours(), "{}: not empty and not a run", path.string());
  if (!force) throw RunExists(fmt::format("{}: holds a run already ({})", path.string(), run.status()));
  run.remove_files();
  return run;
}

RunDirectory RunDirectory::open(const std::filesystem::path& path) {
  RunDirectory run(path);
  if (std::filesystem::exists(run.config())) return run;
  const bool begun = std::filesystem::exists(path / RunLock::file_name);
  fail("{}: not a run: it has no config.json{}", path.string(),
       begun ? "; one was ended before it had begun: train it anew into the folder" : "");
}

RunDirectory RunDirectory::take_up(const std::filesystem::path& path) {
  auto run = open(path);
  run.lock();
  return run;
}

void RunDirectory::lock() {
  lock_ = std::make_shared<RunLock>(path_);
  remove_temporary_files();
}

bool RunDirectory::is_blank() const {
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    const bool lock =
        entry.path().filename() == RunLock::file_name && is_own_lock(entry.path(), /*begun=*/false);
    if (!lock && !is_temporary(entry.path())) return false;
  }
  return true;
}

bool RunDirectory::is_ours() const {
  const auto lock = path_ / RunLock::file_name;
  if (std::filesystem::exists(lock) && is_own_lock(lock, /*begun=*/true)) return true;
  if (!std::filesystem::exists(manifest())) return false;
  const auto content = read_json_file(manifest().string());
  return content.is_object() && content.contains("program") && content["program"].is_string() &&
         content["program"].get<std::string>().starts_with("dualebm");
}

void RunDirectory::remove_temporary_files() const {
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    if (is_temporary(entry.path()) && !has_writer(entry.path())) std::filesystem::remove(entry.path());
  }
}

void RunDirectory::remove_files() const {
  for (const char* name : known_files) std::filesystem::remove(path_ / name);
  flush_folder(path_);
}

Json RunDirectory::read_manifest() const { return ebm::read_manifest(manifest()); }

Json read_manifest(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return Json::object();
  const auto where = path.string();
  auto content = read_json_file(where);
  require(content.is_object(), "{}: expected an object, found {}", where, printable(content.dump()));
  const auto expect = [&](const char* key, const char* kind, auto is_one) {
    if (!content.contains(key) || is_one(content[key])) return;
    fail("{}: {}: expected {}, found {}", where, key, kind, printable(content[key].dump()));
  };
  const auto is_text = [](const Json& value) { return value.is_string(); };
  const auto is_texts = [&](const Json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(), is_text);
  };
  for (const char* key : {"program", "libtorch", "run", "status", "started", "command", "caution"})
    expect(key, "a text", is_text);
  expect("plugins", "an array of texts", is_texts);
  for (const char* key : {"resumed", "recoveries"})
    expect(key, "an array", [](const Json& value) { return value.is_array(); });
  for (const char* key : {"seconds", "iteration"})
    expect(key, "a number", [](const Json& value) { return value.is_number(); });
  expect("data", "an object", [](const Json& value) { return value.is_object(); });
  for (const char* key : {"train", "validation", "test"}) {
    const bool counted = !content.contains("data") || !content["data"].contains(key) ||
                         content["data"][key].is_number_integer();
    require(counted, "{}: data.{}: expected an integer", where, key);
  }
  const bool hashed = !content.contains("data") || !content["data"].contains("fingerprint") ||
                      content["data"]["fingerprint"].is_string();
  require(hashed, "{}: data.fingerprint: expected a text", where);
  return content;
}

std::string RunDirectory::status() const { return read_manifest().value("status", "running"); }

void require_no_file_of_a_run(const std::filesystem::path& path, const std::string& option) {
  std::error_code none;
  const auto whole = std::filesystem::absolute(path, none).lexically_normal();
  const auto folder = std::filesystem::weakly_canonical(whole.parent_path(), none);
  const auto name = whole.filename().string();
  const bool exported = name.starts_with("export.");
  const bool of_a_run =
      std::filesystem::exists(folder / "config.json", none) &&
      (name == RunLock::file_name || (!exported && std::find(std::begin(known_files), std::end(known_files),
                                                             name) != std::end(known_files)));
  const bool of_a_comparison = (std::filesystem::exists(folder / "comparison.json", none) ||
                                std::filesystem::exists(folder / "plan.json", none)) &&
                               (name == "comparison.json" || name == "plan.json" || name == "report.html" ||
                                name == "trials.json" || name == "best.json" || name == RunLock::file_name);
  require(!of_a_run && !of_a_comparison, "{}: {} is the run's own; choose another name with -o", option,
          path.string());
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
