#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace ebm {

/// How far a comparison is, for a person: how many trainings are done, running and left, and the time
/// that it will take if work goes on at the pace so far. On a terminal a line that is redrawn, and a
/// line for each that ends.
class ComparisonProgress final {
 public:
  /// @param work  of each training, in any one unit; 0: not known, then as much as the mean of those known
  /// @param todo  which of them are to be done; the others are done
  ComparisonProgress(std::FILE* out, std::vector<double> work, const std::vector<std::size_t>& todo);

  void begun(std::size_t number) { running_[number] = 0; }
  void at(std::size_t number, double share) { running_[number] = share; }
  /// @param what  became of it, a line
  void ended(std::size_t number, const std::string& what);
  void draw();   ///< if it is time to
  void clear();  ///< leaves the terminal as it was

  /// "7 of 20 done, 2 running, 11 left, 0:42 to go".
  std::string line() const;

 private:
  using Clock = std::chrono::steady_clock;
  double share_done() const;
  void write(const std::string& text);

  std::FILE* out_;
  bool terminal_;
  std::vector<double> work_;
  std::size_t done_ = 0;
  double work_before_ = 0, work_done_ = 0, work_all_ = 0;
  std::map<std::size_t, double> running_;  ///< share, by number
  Clock::time_point started_ = Clock::now(), drawn_ = {};
};

}  // namespace ebm
