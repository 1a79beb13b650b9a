#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/storage/run_lock.hpp"

namespace ebm {

/// A run is there already.
class RunExists : public UserError {
  using UserError::UserError;
};

/// A folder that holds one run:
///
///     config.json     the configuration as resolved, all defaults filled in
///     manifest.json   versions, seed, device, threads, start, duration, status
///     metrics.jsonl   one evaluation a line
///     checkpoint.ebm  the newest whole state of training
///     checkpoint.older.ebm   one before it, which the training has gone on from without trouble
///     model.ebm       the final energy
///     transform.ebm   what the transforms of the data have learnt, where there are any
///     report.html     the page
///     run.lock        held while a process is at work here
///     export.pt, export.safetensors   if asked for: the energy for Python
class RunDirectory {
 public:
  /// A fresh run, locked until the last copy of the object goes. A run that is there already, whatever became
  /// of it, is an error, unless `force` removes its files; a folder with anything else in it is never
  /// touched. What a kill leaves before a run has begun counts as nothing.
  /// @throws RunIsLive if another process is at work in it
  static RunDirectory create(const std::filesystem::path& path, bool force);

  /// A run that is there, to be read. @throws UserError if it is none.
  static RunDirectory open(const std::filesystem::path& path);

  /// A run that is there, to go on with: locked. @throws RunIsLive if another process is at work in it
  static RunDirectory take_up(const std::filesystem::path& path);

  /// The one that rank 0 has created or taken up, on another rank, which writes nothing there.
  static RunDirectory of_first_rank(const std::filesystem::path& path) { return RunDirectory(path); }

  const std::filesystem::path& path() const { return path_; }  ///< the folder itself
  std::filesystem::path config() const { return path_ / "config.json"; }
  std::filesystem::path manifest() const { return path_ / "manifest.json"; }
  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path checkpoint() const { return path_ / "checkpoint.ebm"; }
  std::filesystem::path older_checkpoint() const { return path_ / "checkpoint.older.ebm"; }
  std::filesystem::path model() const { return path_ / "model.ebm"; }
  std::filesystem::path transform() const { return path_ / "transform.ebm"; }
  std::filesystem::path report() const { return path_ / "report.html"; }

  /// Whether the folder holds a run of this program: its manifest or its lock says so.
  bool is_ours() const;

  /// The manifest, see the function of this name.
  Json read_manifest() const;

  /// "running", "finished", or why it stopped; "running" too after a kill.
  std::string status() const;

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  bool is_blank() const;
  void lock();
  void remove_temporary_files() const;
  void remove_files() const;

  std::filesystem::path path_;
  std::shared_ptr<const RunLock> lock_;  ///< null while the run is only read
};

/// A file manifest.json; an empty object where there is none.
/// @throws UserError naming the file, and the key that is of another kind than this program writes
Json read_manifest(const std::filesystem::path& path);

/// Refuses a path that is one of the files a run, or a comparison, has for itself:
/// outputs do not replace them.
/// @param option  that named the path, for the message @throws UserError
void require_no_file_of_a_run(const std::filesystem::path& path, const std::string& option);

/// What ran, where and when: the fields of manifest.json but seed, status and duration.
Json program_manifest(const std::string& device, int threads);

/// Writes JSON with two-space indentation, atomically.
void write_json(const std::filesystem::path& path, const Json& value);

/// Makes a folder and those above it, where they are not there yet.
void ensure_folder(const std::filesystem::path& path);

}  // namespace ebm
