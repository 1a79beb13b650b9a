#include <dualebm/framework/training/schedules/schedule.hpp>

/// Full steps in the first part of the run, half of them after it.
struct Halved final : ebm::Schedule {
  struct Options {
    double at = 0.5;
    void describe(ebm::Fields& fields) {
      fields.number("at", at, ebm::Range::between(0, 1), "share of the run at full steps");
    }
  };
  explicit Halved(const Options& options) : at(ebm::checked(options, "halved").at) {}
  double factor(const ebm::Moment& moment) const override { return moment.fraction <= at ? 1 : 0.5; }
  double at;
};
