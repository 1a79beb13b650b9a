#pragma once

#include <cstdint>
#include <vector>

namespace ebm {

/// A number with the ends of its interval of 95 %.
struct Interval {
  double value = 0;  ///< the number itself
  double low = 0;    ///< the lower end
  double high = 0;   ///< the upper end
};

/// The area under the receiver's curve: the probability that a positive scores above a negative, ties
/// counting half. Its variance is DeLong's, from the places of each positive among the negatives and the
/// other way about; the interval is symmetric in the logits, so that it stays within [0, 1]. Where all are in
/// order that variance is zero, and the open end is by the rule of three: 1 - 3 / min(positives, negatives).
/// Source: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014 for midranks; Hanley & Lippman-Hand 1983.
/// @param scores  larger is more positive, none of them NaN
/// @param positive  as many, at least one of each kind
/// @throws UserError if they are not as many or of one kind
Interval area_under_curve(const std::vector<double>& scores, const std::vector<bool>& positive);

/// The average precision: Σ over thresholds of (recall gained) · (precision there), equal scores at one
/// threshold. The interval is from the 2.5 to the 97.5 % quantile of bootstrap samples within both
/// kinds, which the seed draws.
/// @param samples  of the bootstrap, at least 100; otherwise as area_under_curve
Interval average_precision(const std::vector<double>& scores, const std::vector<bool>& positive,
                           std::uint64_t seed = 0, std::int64_t samples = 1000);

/// Where a score stands among others, in percent: how many of them are below, and half of the equal ones.
/// @param sorted  ascending, not empty
double percentile(const std::vector<double>& sorted, double score);

}  // namespace ebm
