#include "dualebm/framework/experiment/parameter_range.hpp"

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// Trials that differ in these are of other data or measured in another way: no ranking of theirs would mean
/// anything.
constexpr const char* of_the_problem[] = {"title",   "seed",       "data_seed", "dtype",   "domain",
                                          "dataset", "transforms", "metrics",   "compare", "tune"};

bool is_or_holds(const std::string& outer, const std::string& inner) {
  return inner == outer || inner.starts_with(outer + ".");
}

void require_searchable(const std::string& path) {
  const auto where = fmt::format("tune.ranges.{}", printable(path));
  for (const std::string fixed : of_the_problem) {
    require(!is_or_holds(fixed, path),
            "{}: trials that differ in {} are not compared by one validation part; ranges are of energy, "
            "trainer, sampler, optimizer, schedules, callbacks, loop and time_scale_ratio",
            where, fixed);
  }
  require(path != "loop.seconds", "{}: a budget of time makes the choice hang on the machine", where);
}

/// The integers between two ends are the middles of cells of length 1 on the scale, the ends too.
double half_a_cell(bool whole) { return whole ? 0.5 : 0; }

}  // namespace

void ParameterRange::Options::describe(Fields& fields) {
  fields.number("from", from, Range::any(), "the least value of a number; with \"to\"");
  fields.number("to", to, Range::any(), "the largest");
  fields.choice("scale", scale, {"linear", "log"}, "on which it is drawn uniformly; log needs from > 0");
  fields.section("values", values, "array of values, each as likely as the others, in place of from and to");
}

ParameterRange ParameterRange::read(const std::string& path, const Json& section) {
  const auto where = fmt::format("tune.ranges.{}", printable(path));
  const auto options = read_options<Options>(section, where);
  ParameterRange range{.path = path, .logarithmic = options.scale == "log", .values = {}};
  if (!options.values.is_null()) {
    require(!options.from && !options.to && !section.contains("scale"),
            "{}: values stand for themselves; leave out from, to and scale", where);
    require(options.values.is_array() && !options.values.empty(),
            "{}.values: expected an array of at least one value, found {}", where,
            printable(options.values.dump()));
    range.values.assign(options.values.begin(), options.values.end());
    return range;
  }
  require(options.from && options.to, "{}: expected \"from\" and \"to\", or \"values\", found {}", where,
          printable(section.dump()));
  range.from = *options.from;
  range.to = *options.to;
  require(range.from < range.to, "{}: from {:g} is not below to {:g}; exchange them, or give \"values\"",
          where, range.from, range.to);
  require(!range.logarithmic || range.from > 0, "{}.from: on a log scale expected a number > 0, found {:g}",
          where, range.from);
  return range;
}

Json ParameterRange::draw(double uniform) const {
  if (!values.empty()) {
    const auto count = static_cast<double>(values.size());
    return values[std::min(static_cast<std::size_t>(uniform * count), values.size() - 1)];
  }
  const double low = from - half_a_cell(whole), high = to + half_a_cell(whole);
  const double place = logarithmic ? std::exp(std::log(low) + uniform * (std::log(high) - std::log(low)))
                                   : low + uniform * (high - low);
  if (whole) return static_cast<std::int64_t>(std::clamp(std::round(place), from, to));
  return std::clamp(place, from, to);
}

std::vector<Json> ParameterRange::extremes() const {
  if (!values.empty()) return values;
  if (whole) return {static_cast<std::int64_t>(from), static_cast<std::int64_t>(to)};
  return {from, to};
}

std::optional<double> ParameterRange::count() const {
  if (!values.empty()) {
    const std::vector<Json>& all = values;
    double different = 0;
    for (auto one = all.begin(); one != all.end(); ++one)
      different += std::find(all.begin(), one, *one) == one;
    return different;
  }
  return whole ? std::optional(to - from + 1) : std::nullopt;
}

std::vector<ParameterRange> read_ranges(const Json& section) {
  require(section.is_object(), "tune.ranges: expected an object of path: range, found {}",
          printable(section.dump()));
  require(
      !section.empty(),
      "tune.ranges: nothing to search; give e.g. {{\"optimizer.learning_rate\": {{\"from\": 1e-4, \"to\": "
      "1e-1, \"scale\": \"log\"}}}}");
  std::vector<ParameterRange> ranges;
  for (const auto& [path, range] : section.items()) {
    require_searchable(path);
    for (const auto& other : ranges) {
      require(!is_or_holds(path, other.path) && !is_or_holds(other.path, path),
              "tune.ranges: {} and {} set the same key", printable(other.path), printable(path));
    }
    ranges.push_back(ParameterRange::read(path, range));
  }
  return ranges;
}

}  // namespace ebm
