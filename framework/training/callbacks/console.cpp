#include "dualebm/framework/training/callbacks/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace ebm {
std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string metrics_line(const MetricValues& values) {
  std::string text;
  for (const char* name : {"kl", "score_error", "nll_test", "nll_validation", "tv"}) {
    if (const double* value = find_metric(values, name)) {
      text += fmt::format("{}{} {:.3g}", text.empty() ? "" : "  ", name, *value);
    }
  }
  return text;
}

ConsoleProgress::ConsoleProgress(std::FILE* out, std::string label)
    : out_(out), label_(std::move(label)), terminal_(::isatty(::fileno(out)) == 1) {}

void ConsoleProgress::on_start(const Progress& progress) {
  first_ = progress;
  lines_ = static_cast<int>(10 * progress.fraction);
  started_ = drawn_ = Clock::now();
}

void ConsoleProgress::on_record(const Record& record) { metrics_ = metrics_line(record.metrics); }

void ConsoleProgress::on_step(const Progress& progress) {
  if (terminal_) {
    if (Clock::now() - drawn_ > std::chrono::milliseconds(100)) draw_bar(progress);
  } else if (const int tenths = static_cast<int>(10 * progress.fraction + 1e-9); tenths > lines_) {
    lines_ = tenths;
    print_line(progress);
  }
}

void ConsoleProgress::on_recovery(const Recovery& recovery) {
  write(fmt::format("{}{}: taken back: {}\n", terminal_ ? "\n" : "", label_, to_string(recovery)));
}

void ConsoleProgress::on_end(const Progress& progress) {
  if (terminal_) {
    draw_bar(progress);
    write("\n");
  }
}

void ConsoleProgress::write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
  std::clearerr(out_);
}

std::string ConsoleProgress::pace(const Progress& progress) const {
  const double elapsed = std::max(1e-9, std::chrono::duration<double>(Clock::now() - started_).count());
  const double done = std::max(1e-9, progress.fraction - first_.fraction);
  return fmt::format("{:.0f} it/s  {} left",
                     static_cast<double>(progress.iteration - first_.iteration) / elapsed,
                     duration_text(elapsed * (1 - progress.fraction) / done));
}

void ConsoleProgress::draw_bar(const Progress& progress) {
  constexpr int width = 24;
  drawn_ = Clock::now();
  const int filled = static_cast<int>(width * progress.fraction);
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? "━" : "╌";
  write(fmt::format("\r\033[K{} {} {}  {}  {}", label_, bar, progress.iteration, pace(progress), metrics_));
}

void ConsoleProgress::print_line(const Progress& progress) {
  write(fmt::format("{}  {:3.0f} %  iteration {}  {}  {}\n", label_, 100 * progress.fraction,
                    progress.iteration, pace(progress), metrics_));
}

}  // namespace ebm
