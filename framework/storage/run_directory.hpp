#pragma once

#include <filesystem>
#include <string>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/fields.hpp"

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
///     model.ebm       the final energy
///     transform.ebm   what the transforms of the data have learnt, where there are any
///     report.html     the page
///     export.pt, export.safetensors   if asked for: the energy for Python
class RunDirectory {
 public:
  /// A fresh run. An unfinished or finished run that is there already is an error, unless `force` removes its
  /// files; a folder with anything else in it is never touched.
  static RunDirectory create(const std::filesystem::path& path, bool force);

  /// A run that is there. @throws UserError if it is none.
  static RunDirectory open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }  ///< the folder itself
  std::filesystem::path config() const { return path_ / "config.json"; }
  std::filesystem::path manifest() const { return path_ / "manifest.json"; }
  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path checkpoint() const { return path_ / "checkpoint.ebm"; }
  std::filesystem::path model() const { return path_ / "model.ebm"; }
  std::filesystem::path transform() const { return path_ / "transform.ebm"; }
  std::filesystem::path report() const { return path_ / "report.html"; }

  /// Whether the folder holds a run of this program: its manifest says so.
  bool is_ours() const;

  /// "running", "finished", or why it stopped; "running" too after a kill.
  std::string status() const;

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// What ran, where and when: the fields of manifest.json but seed, status and duration.
Json program_manifest(const std::string& device, int threads);

/// Writes JSON with two-space indentation, atomically.
void write_json(const std::filesystem::path& path, const Json& value);

/// Makes a folder and those above it, where they are not there yet.
void ensure_folder(const std::filesystem::path& path);

}  // namespace ebm
