#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Writes metrics.jsonl: one JSON object a line with `iteration`, `seconds`, `gradient_evaluations`, then the
/// metrics. Each line is flushed, so that a killed run leaves whole lines but perhaps the last.
class MetricsFile final : public Callback {
 public:
  /// @param kept  records to begin with: none, or those up to the checkpoint that a run resumes from
  MetricsFile(const std::filesystem::path& path, const std::vector<Record>& kept);
  void on_record(const Record& record) override;

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

/// One record as the object that its line holds.
Json to_json(const Record& record);

/// The records of a metrics.jsonl; a last line without its newline, left by a kill, is not one.
/// @throws UserError naming file and line.
std::vector<Record> read_records(const std::filesystem::path& path);

}  // namespace ebm
