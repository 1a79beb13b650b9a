#include "dualebm/apps/comparison/comparison_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "dualebm/framework/training/callbacks/console.hpp"

namespace ebm {

ComparisonProgress::ComparisonProgress(std::FILE* out, std::vector<double> work,
                                       const std::vector<std::size_t>& todo)
    : out_(out), terminal_(::isatty(::fileno(out)) == 1), work_(std::move(work)) {
  const auto known = std::count_if(work_.begin(), work_.end(), [](double w) { return w > 0; });
  const double sum = std::accumulate(work_.begin(), work_.end(), 0.0);
  const double mean = known > 0 ? sum / static_cast<double>(known) : 1;
  for (double& w : work_) w = w > 0 ? w : mean;
  work_all_ = std::accumulate(work_.begin(), work_.end(), 0.0);
  done_ = work_.size() - todo.size();
  work_before_ = work_all_;
  for (const auto number : todo) work_before_ -= work_[number];
  work_done_ = work_before_;
}

void ComparisonProgress::ended(std::size_t number, const std::string& what) {
  running_.erase(number);
  work_done_ += work_[number];
  ++done_;
  clear();
  write(fmt::format("{}  ({})\n", what, line()));
  drawn_ = {};
}

void ComparisonProgress::draw() {
  if (!terminal_ || Clock::now() - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = Clock::now();
  constexpr int width = 24;
  const int filled = static_cast<int>(width * share_done());
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? "━" : "╌";
  write(fmt::format("\r\033[K{} {}", bar, line()));
}

void ComparisonProgress::clear() {
  if (terminal_) write("\r\033[K");
}

double ComparisonProgress::share_done() const {
  double done = work_done_;
  for (const auto& [number, share] : running_) done += share * work_[number];
  return done / work_all_;
}

std::string ComparisonProgress::line() const {
  auto text = fmt::format("{} of {} done, {} running, {} left", done_, work_.size(), running_.size(),
                          work_.size() - done_ - running_.size());
  const double now = share_done(), before = work_before_ / work_all_;
  const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  if (now > before && now < 1)
    text += fmt::format(", {} to go", duration_text(elapsed * (1 - now) / (now - before)));
  return text;
}

void ComparisonProgress::write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
  std::clearerr(out_);
}

}  // namespace ebm
