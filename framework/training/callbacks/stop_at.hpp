#pragma once

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Ends a run when a metric has come to a value, from the side that is worse.
class StopAt final : public Callback {
 public:
  struct Options {
    std::string metric = "kl";  ///< one that has a better direction
    double value = 0;           ///< of the metric, in its unit
    void describe(Fields& fields);
  };

  /// @throws UserError if there is no such metric, or neither direction of it is better
  StopAt(const CallbackContext& context, const Options& options);
  void on_record(const Record& record) override;
  std::optional<StopReason> stop_reason() const override;

 private:
  Options options_;
  double sign_;
  bool reached_ = false;
};

}  // namespace ebm
