#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "dualebm/framework/evaluation/standard_metrics.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::vector<double> outside(const Range& range, double) {
  std::vector<double> values = {std::nan(""), std::numeric_limits<double>::infinity()};
  if (std::isfinite(range.low)) values.push_back(range.low_included ? range.low - 1 : range.low);
  if (std::isfinite(range.high)) values.push_back(range.high_included ? range.high + 1 : range.high);
  return values;
}

std::vector<std::int64_t> outside(const Range& range, std::int64_t) {
  std::vector<std::int64_t> values;
  if (std::isfinite(range.low))
    values.push_back(static_cast<std::int64_t>(range.low) - (range.low_included ? 1 : 0));
  if (std::isfinite(range.high))
    values.push_back(static_cast<std::int64_t>(range.high) + (range.high_included ? 1 : 0));
  return values;
}

/// Of all values outside of what the options accept, plants the one of this number.
class Planter final : public Fields {
 public:
  explicit Planter(std::size_t which) : which_(which) {}
  std::string planted;  ///< the option; empty: there is no value of this number

 protected:
  void field(const Field& field) override {
    std::visit([&](auto* value) { plant(field, *value); }, field.value);
  }

 private:
  bool is_next(const Field& field) {
    if (next_++ != which_) return false;
    planted = std::string(field.name);
    return true;
  }
  template <class Number>
  void plant(const Field& field,
             Number& value) requires std::is_same_v<Number, double> || std::is_same_v<Number, std::int64_t> {
    for (const auto bad : outside(field.range, Number())) {
      if (is_next(field)) value = bad;
    }
  }
  template <class Number>
  void plant(const Field& field, std::optional<Number>& value) {
    for (const auto bad : outside(field.range, Number())) {
      if (is_next(field)) value = bad;
    }
  }
  template <class Number>
  void plant(const Field& field, std::vector<Number>& value) {
    for (const auto bad : outside(field.range, Number())) {
      if (is_next(field)) value.assign(1, bad);
    }
  }
  void plant(const Field&, std::vector<std::string>&) {}
  void plant(const Field& field, std::vector<std::vector<double>>& value) {
    if (is_next(field)) value = {{std::nan("")}};
  }
  void plant(const Field& field, std::string& value) {
    if (!field.allowed.empty() && is_next(field)) value = "no such choice";
  }
  void plant(const Field&, bool&) {}
  void plant(const Field&, std::optional<bool>&) {}
  void plant(const Field&, Json&) {}

  std::size_t which_, next_ = 0;
};

/// What is planted in this entry is refused whatever it is made for, and somewhere
/// with the name of the option.
template <class Entry, class Make>
void expect_refusals(const std::string& kind, const Entry& entry, std::size_t& count, Make make_all) {
  for (std::size_t which = 0;; ++which) {
    Planter planter(which);
    const auto choice = entry.edited(planter);
    if (planter.planted.empty()) return;
    ++count;
    bool named = false;
    std::string said;
    make_all([&](const auto& context) {
      try {
        choice.make(context);
        ADD_FAILURE() << kind << " " << entry.name << " takes " << choice.resolved().dump();
      } catch (const UserError& error) {
        said += std::string(error.what()) + "; ";
        named = named || std::string(error.what()).find("." + planter.planted) != std::string::npos;
      } catch (const std::exception& error) {
        ADD_FAILURE() << kind << " " << entry.name << " with " << choice.resolved().dump() << ": "
                      << error.what();
      }
    });
    EXPECT_TRUE(named) << kind << " " << entry.name << "." << planter.planted << ": " << said;
  }
}

/// As many refusals as there are mistakes to make. @param make_all  calls its argument with every context
template <class Registry, class Make>
std::size_t refusals(const Registry& registry, Make make_all) {
  std::size_t count = 0;
  for (const auto& entry : registry.entries()) expect_refusals(registry.kind(), entry, count, make_all);
  return count;
}

/// The globe and the plane.
std::vector<std::shared_ptr<const Domain>> both_domains() {
  return {std::make_shared<Sphere>(3), std::make_shared<Euclidean>(2)};
}

// What a configuration refuses, a constructor refuses too: a value outside of every range and every choice of
// everything that has a name here.
TEST(EveryOption, IsCheckedByTheClassItBelongsTo) {
  Random random(1, "options");
  const auto& all = catalogue();
  const auto on_each_domain = [&](auto body) {
    return [&, body](auto make) {
      for (const auto& domain : both_domains()) body(domain, make);
    };
  };
  EXPECT_GT(refusals(all.domains, [](auto make) { make(DomainContext{}); }), 5U);
  EXPECT_GT(refusals(all.schedules, [](auto make) { make(ScheduleContext{}); }), 10U);
  EXPECT_EQ(refusals(all.metrics, [](auto make) { make(MetricContext{}); }), 1U);
  EXPECT_GT(refusals(all.transforms, on_each_domain([](const auto& domain, auto make) {
                       make(TransformContext{domain, torch::kDouble});
                     })),
            1U);
  EXPECT_GT(refusals(all.datasets, on_each_domain([&](const auto& domain, auto make) {
                       make(DatasetContext{domain, nullptr, random});
                     })),
            20U);
  EXPECT_GT(refusals(all.energies, on_each_domain([&](const auto& domain, auto make) {
                       make(EnergyContext{domain, torch::kFloat, random});
                     })),
            30U);
  EXPECT_GT(refusals(all.trainers, on_each_domain([&](const auto& domain, auto make) {
                       make(TrainerContext{
                           .energy = std::make_shared<Mlp>(EnergyContext{domain, torch::kFloat, random},
                                                           Mlp::Options{.hidden = {4}}),
                           .problem = std::make_shared<Problem>(
                               domain, Dataset{.train = domain->sample_base(4, random, torch::kFloat)}),
                           .random = std::make_shared<Random>(1, "noise")});
                     })),
            50U);
  Shallow energy(on_sphere(3, torch::kFloat, random), {.neurons = 4});
  EXPECT_GT(refusals(all.optimizers, [&](auto make) { make(OptimizerContext{energy}); }), 30U);
  std::vector<MetricDescription> metrics;
  for (const auto& metric : standard_metrics()) metrics.push_back(metric->description());
  EXPECT_GT(refusals(all.callbacks, [&](auto make) { make(CallbackContext{metrics}); }), 1U);
}

}  // namespace
}  // namespace ebm::testing
