#include "dualebm/framework/experiment/comparison_options.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void ComparisonOptions::describe(Fields& fields) {
  fields.integers("seeds", seeds, Range::at_least(0), "every entry is run once for each of these");
  fields.section("entries", entries,
                 "array of {\"label\", \"set\": {path: value}}; empty: the four trainers of the paper");
  fields.text("sweep_parameter", sweep_parameter,
              "path of a number to sweep instead of entries, e.g. time_scale_ratio");
  fields.numbers("sweep_values", sweep_values, Range::any(), "its values");
  fields.text("target_metric", target_metric,
              "metric of one more table: what it took to bring it down to target_value; empty: none");
  fields.number("target_value", target_value, Range::any(), "see target_metric");
}

std::vector<ComparisonEntry> ComparisonOptions::expanded(const Json& base) const {
  std::vector<ComparisonEntry> result;
  require(entries.is_array(), "compare.entries: expected an array, found {}", entries.dump());
  require(entries.empty() || sweep_parameter.empty(), "compare: entries and sweep_parameter are both given");
  require(sweep_parameter.empty() == sweep_values.empty(),
          "compare: sweep_parameter and sweep_values go together; one of them is empty");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto path = fmt::format("compare.entries[{}]", i);
    ComparisonEntry entry;
    FieldReader reader(entries[i], path);
    reader.text("label", entry.label, "");
    reader.section("set", entry.set, "");
    reader.finish();
    require(!entry.label.empty(), "{}.label: missing", path);
    require(entry.set.is_object(), "{}.set: expected an object of path: value, found {}", path,
            entry.set.dump());
    result.push_back(std::move(entry));
  }
  for (const double value : sweep_values) {
    result.push_back({.label = fmt::format("{}={:.4g}", sweep_parameter, value),
                      .set = {{sweep_parameter, value}},
                      .value = value});
  }
  if (!result.empty()) return result;
  for (const char* name : {"maximum_likelihood", "dual_gda", "restart_gda", "score_matching"}) {
    Json trainer = {{"name", name}};
    for (const char* shared : {"particle_step", "antithetic", "drift", "particles_per_point", "particles"}) {
      if (base["trainer"].contains(shared)) trainer[shared] = base["trainer"][shared];
    }
    // Only dual GDA has weights among the four; that it shall have none is said for all.
    if (base["trainer"].value("weights", Json(nullptr)) == Json(false)) trainer["weights"] = false;
    result.push_back({.label = name, .set = {{"trainer", trainer}}, .value = {}});
  }
  return result;
}

}  // namespace ebm
