#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// Writes metrics.jsonl, for people and scripts: one JSON object a line with `iteration`, `seconds`,
/// `gradient_evaluations`, then the metrics; and {"recovery": {...}} for each time that the run was taken back, before
/// the first record after it. At the start and when it is taken back it is made anew from the training's records, so that
/// whatever a kill has left of it does not matter; each line is flushed.
class MetricsFile final : public Callback {
 public:
  /// @param path  of the file, which is made when the run starts @param training  outlives it
  MetricsFile(const std::filesystem::path& path, const Training& training);
  void on_start(const Progress& progress) override;
  void on_record(const Record& record) override;
  void on_recovery(const Recovery&) override { on_start({}); }

 private:
  std::filesystem::path path_;
  const Training& training_;
  std::ofstream file_;
};

/// One record as the object that its line holds.
Json to_json(const Record& record);

/// One time that a run was taken back, likewise.
Json to_json(const Recovery& recovery);

/// The records of a metrics.jsonl, without the lines of recoveries; a last line without its newline, left by a kill, is not one.
/// @throws UserError naming file and line.
std::vector<Record> read_records(const std::filesystem::path& path);

}  // namespace ebm
