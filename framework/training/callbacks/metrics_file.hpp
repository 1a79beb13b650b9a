#pragma once

#include <filesystem>
#include <vector>

#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// Writes metrics.jsonl, for people and scripts: one JSON object a line with `iteration`, `seconds`,
/// `gradient_evaluations`, `cost` (the same by kind, and energies alone), then the metrics; and {"recovery":
/// {...}} for each time that the run was taken back, before the first record after it. The truth is in the
/// training's records, which a checkpoint holds: at the start, when a run is taken back, and at the end the
/// file is made anew from them, whole and on the disk, so that what a kill or a loss of power has left of it
/// does not matter. A line in between that cannot be written is said, and is no end of the run.
class MetricsFile final : public Callback {
 public:
  /// @param path  of the file, which is made when the run starts @param training  outlives it
  MetricsFile(const std::filesystem::path& path, const Training& training);
  void on_start(const Progress& progress) override;
  void on_record(const Record& record) override;
  void on_recovery(const Recovery& recovery) override;
  void on_end(const Progress& progress) override;

 private:
  void write_all() const;

  std::filesystem::path path_;
  const Training& training_;
  AppendFile file_;
  bool behind_ = false;  ///< whether a line is missing
};

/// One record as the object that its line holds.
Json to_json(const Record& record);

/// One time that a run was taken back, likewise.
Json to_json(const Recovery& recovery);

/// What `to_json` made. @throws UserError if it is another object
Recovery recovery_of(const Json& object);

/// The records of a metrics.jsonl, without the lines of recoveries; a last line without its newline,
/// left by a kill, is not one.
/// @throws UserError naming file and line.
std::vector<Record> read_records(const std::filesystem::path& path);

}  // namespace ebm
