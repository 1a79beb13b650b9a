#include "dualebm/framework/evaluation/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr double two_sided = 1.959963984540054;

void require_both_kinds(const std::vector<double>& scores, const std::vector<bool>& positive) {
  require(scores.size() == positive.size(), "ranking: {} scores and {} labels", scores.size(),
          positive.size());
  const auto count = std::count(positive.begin(), positive.end(), true);
  require(count > 0 && count < static_cast<std::ptrdiff_t>(positive.size()),
          "ranking: rows of both kinds are needed, and {} of {} are positive", count, positive.size());
}

/// The share of `others`, sorted, that is below each score, equal ones counting half.
std::vector<double> places(const std::vector<double>& scores, const std::vector<double>& others) {
  std::vector<double> result;
  for (const double score : scores) result.push_back(percentile(others, score) / 100);
  return result;
}

double mean_of(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double variance_of_mean(const std::vector<double>& x) {
  if (x.size() < 2) return 0;
  const double mean = mean_of(x);
  double sum = 0;
  for (const double v : x) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(x.size() - 1) / static_cast<double>(x.size());
}

/// Of scores in descending order with the number of positives and of all at each.
struct Counted {
  double score;
  double positive, all;
};

double precision_of(std::vector<Counted> rows) {
  std::sort(rows.begin(), rows.end(), [](const Counted& a, const Counted& b) { return a.score > b.score; });
  double total = 0;
  for (const auto& row : rows) total += row.positive;
  double sum = 0, hits = 0, seen = 0;
  for (std::size_t i = 0; i < rows.size();) {
    double gained = 0;
    const double score = rows[i].score;
    for (; i < rows.size() && rows[i].score == score; ++i) {
      gained += rows[i].positive;
      seen += rows[i].all;
    }
    hits += gained;
    if (seen > 0) sum += gained / total * hits / seen;
  }
  return sum;
}

}  // namespace

double percentile(const std::vector<double>& sorted, double score) {
  const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), score);
  const double below = static_cast<double>(low - sorted.begin()), equal = static_cast<double>(high - low);
  return 100 * (below + equal / 2) / static_cast<double>(sorted.size());
}

Interval area_under_curve(const std::vector<double>& scores, const std::vector<bool>& positive) {
  require_both_kinds(scores, positive);
  std::vector<double> x, y;  // of the positive and of the negative ones
  for (std::size_t i = 0; i < scores.size(); ++i) (positive[i] ? x : y).push_back(scores[i]);
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  const auto above = places(x, y);
  auto below = places(y, x);
  for (double& share : below) share = 1 - share;
  const double area = mean_of(above);
  const double error = std::sqrt(variance_of_mean(above) + variance_of_mean(below));
  const double third = std::min(1.0, 3 / static_cast<double>(std::min(x.size(), y.size())));
  if (!(area < 1)) return {area, 1 - third, 1};
  if (!(area > 0)) return {area, 0, third};
  const auto logistic = [](double t) { return 1 / (1 + std::exp(-t)); };
  const double logit = std::log(area / (1 - area)), spread = two_sided * error / (area * (1 - area));
  return {area, logistic(logit - spread), logistic(logit + spread)};
}

Interval average_precision(const std::vector<double>& scores, const std::vector<bool>& positive,
                           std::uint64_t seed, std::int64_t samples) {
  require_both_kinds(scores, positive);
  require(samples >= 100, "ranking: at least 100 bootstrap samples, got {}", samples);
  std::vector<std::size_t> kinds[2];
  std::vector<Counted> rows;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    kinds[positive[i]].push_back(i);
    rows.push_back({scores[i], positive[i] ? 1.0 : 0.0, 1.0});
  }
  std::mt19937_64 generator(seed);
  std::vector<double> values;
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    std::vector<double> times(scores.size(), 0);
    for (const auto& kind : kinds) {
      // The remainder's bias is below 2^-40 for any table that fits into memory, and
      // the same on every machine.
      for (std::size_t i = 0; i < kind.size(); ++i) times[kind[generator() % kind.size()]] += 1;
    }
    auto drawn = rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      drawn[i].positive *= times[i];
      drawn[i].all *= times[i];
    }
    values.push_back(precision_of(std::move(drawn)));
  }
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double p) {
    return values[static_cast<std::size_t>(std::llround(p * static_cast<double>(values.size() - 1)))];
  };
  return {precision_of(rows), quantile(0.025), quantile(0.975)};
}

}  // namespace ebm
