#include "framework/callbacks/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace ebm {
namespace {

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string summary_of(const MetricValues& values) {
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

void ConsoleProgress::on_start(const Progress& progress, std::int64_t iterations) {
  first_ = progress.iteration;
  iterations_ = iterations;
  lines_ = iterations > 0 ? 10 * first_ / iterations : 0;
  started_ = drawn_ = Clock::now();
}

void ConsoleProgress::on_record(const Record& record) { metrics_ = summary_of(record.metrics); }

void ConsoleProgress::on_step(const Progress& progress) {
  if (terminal_) {
    if (Clock::now() - drawn_ > std::chrono::milliseconds(100)) draw_bar(progress);
  } else if (10 * progress.iteration / iterations_ > lines_) {
    lines_ = 10 * progress.iteration / iterations_;
    print_line(progress);
  }
}

void ConsoleProgress::on_end(const Progress& progress) {
  if (terminal_) {
    draw_bar(progress);
    fmt::print(out_, "\n");
  }
  std::fflush(out_);
}

double ConsoleProgress::seconds_left(const Progress& progress) const {
  const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  const auto done = std::max<std::int64_t>(1, progress.iteration - first_);
  return elapsed * static_cast<double>(iterations_ - progress.iteration) / static_cast<double>(done);
}

void ConsoleProgress::draw_bar(const Progress& progress) {
  constexpr std::int64_t width = 24;
  drawn_ = Clock::now();
  const double elapsed = std::chrono::duration<double>(drawn_ - started_).count();
  const auto filled = iterations_ > 0 ? width * progress.iteration / iterations_ : width;
  std::string bar;
  for (std::int64_t i = 0; i < width; ++i) bar += i < filled ? "━" : "╌";
  fmt::print(out_, "\r\033[K{} {} {}/{}  {:.0f} it/s  {} left  {}", label_, bar, progress.iteration, iterations_,
             static_cast<double>(progress.iteration - first_) / std::max(elapsed, 1e-9),
             duration(seconds_left(progress)), metrics_);
  std::fflush(out_);
}

void ConsoleProgress::print_line(const Progress& progress) {
  fmt::print(out_, "{}  {}/{}  {} left  {}\n", label_, progress.iteration, iterations_,
             duration(seconds_left(progress)), metrics_);
  std::fflush(out_);
}

}  // namespace ebm
