#pragma once

#include "dualebm/framework/training/schedules/schedule.hpp"

namespace ebm {

/// What every schedule here can begin with: one more factor t/warmup in the first iterations t.
struct WarmUp {
  std::int64_t warmup = 0;  ///< iterations; 0: none
  void describe(Fields& fields);
  double factor(std::int64_t iteration) const;  ///< min(1, t/warmup)
};

/// Step sizes stay as they are.
class ConstantSchedule final : public Schedule {
 public:
  using Options = WarmUp;
  explicit ConstantSchedule(const Options& options);
  double factor(const Moment& at) const override { return options_.factor(at.iteration); }

 private:
  Options options_;
};

/// 1/sqrt(1 + t/scale) at iteration t (Robbins & Monro's condition holds for its
/// square sum up to a logarithm).
class InverseSqrtSchedule final : public Schedule {
 public:
  struct Options : WarmUp {
    double scale = 1000;  ///< iterations
    void describe(Fields& fields);
  };
  explicit InverseSqrtSchedule(const Options& options);
  double factor(const Moment& at) const override;

 private:
  Options options_;
};

/// 2^(-t/half_life).
class ExponentialSchedule final : public Schedule {
 public:
  struct Options : WarmUp {
    double half_life = 1000;  ///< iterations
    void describe(Fields& fields);
  };
  explicit ExponentialSchedule(const Options& options);
  double factor(const Moment& at) const override;

 private:
  Options options_;
};

/// Constant, then half a cosine from 1 to `final_factor` at the end of the run, whatever ends it
/// (Loshchilov & Hutter 2017).
class CosineSchedule final : public Schedule {
 public:
  struct Options : WarmUp {
    double final_factor = 0.01;  ///< at the end of the run, in (0, 1]
    double start = 0;            ///< share of the run before the decay begins
    void describe(Fields& fields);
  };
  explicit CosineSchedule(const Options& options);
  double factor(const Moment& at) const override;

 private:
  Options options_;
};

/// Multiplied by `decay` after every so many iterations.
class StepSchedule final : public Schedule {
 public:
  struct Options : WarmUp {
    std::int64_t every = 1000;  ///< iterations
    double decay = 0.5;         ///< factor of each decay, in (0, 1]
    void describe(Fields& fields);
  };
  explicit StepSchedule(const Options& options);
  double factor(const Moment& at) const override;

 private:
  Options options_;
};

}  // namespace ebm
