#pragma once

#include <chrono>
#include <cstdio>

#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Progress for a person: on a terminal one line that is redrawn, with a bar, the rate, the time left and the
/// main metrics; elsewhere a plain line at every tenth of the run. Where it cannot be
/// written, the run goes on without.
class ConsoleProgress final : public Callback {
 public:
  /// @param label  put before every line, e.g. "dual_gda seed 0"
  ConsoleProgress(std::FILE* out, std::string label);
  void on_start(const Progress& progress) override;
  void on_step(const Progress& progress) override;
  void on_recovery(const Recovery& recovery) override;
  void on_record(const Record& record) override;
  void on_end(const Progress& progress) override;

 private:
  using Clock = std::chrono::steady_clock;
  void draw_bar(const Progress& progress);
  void print_line(const Progress& progress);
  void write(const std::string& text);
  std::string pace(const Progress& progress) const;

  std::FILE* out_;
  std::string label_, metrics_;
  bool terminal_;
  Progress first_;
  int lines_ = 0;
  Clock::time_point started_, drawn_;
};

/// "3:07", or "1:02:03" from an hour on.
std::string duration_text(double seconds);

/// The metrics a person watches, on one line: "kl 5.5e-04  score_error 0.022  tv 9.81".
std::string metrics_line(const MetricValues& values);

}  // namespace ebm
