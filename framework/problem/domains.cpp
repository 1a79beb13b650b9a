#include "dualebm/framework/problem/domains.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dualebm/framework/problem/box.hpp"
#include "dualebm/framework/problem/product_domain.hpp"
#include "dualebm/framework/problem/torus.hpp"

namespace ebm {
namespace {

struct SphereOptions {
  std::int64_t dimension = 3;
  void describe(Fields& fields) {
    fields.integer("dimension", dimension, Range::at_least(2),
                   "ambient coordinates d of S^{d-1}; 3 for the globe");
  }
};

struct EuclideanOptions {
  std::int64_t dimension = 2;
  double scale = 1;
  double half_width = 10;
  void describe(Fields& fields) {
    fields.integer("dimension", dimension, Range::at_least(1), "coordinates d of R^d");
    fields.number("scale", scale, Range::positive(),
                  "standard deviation of the normal that chains start from");
    fields.number("half_width", half_width, Range::positive(),
                  "L of the square [-L, L]² that log Z and KL are integrals over, for d <= 2");
  }
};

/// One number for each coordinate; a single one is for all.
std::vector<double> for_each_coordinate(std::vector<double> values, std::int64_t count, const char* key) {
  if (values.size() == 1) values.resize(static_cast<std::size_t>(count), values[0]);
  require(static_cast<std::int64_t>(values.size()) == count, "domain.{}: one number, or {} of them; found {}",
          key, count, values.size());
  return values;
}

struct TorusOptions {
  std::int64_t dimension = 2;
  std::vector<double> periods = {360};
  std::vector<double> low;
  void describe(Fields& fields) {
    fields.integer("dimension", dimension, Range::at_least(1), "number k of angles of T^k");
    fields.numbers(
        "periods", periods, Range::positive(),
        "period of each angle, or one for all: [360] for degrees, [6.283185307179586] for radians, [24, 7]");
    fields.numbers("low", low, Range::any(),
                   "where the range of each angle begins, or one for all; empty: half a period below 0");
  }
};

struct BoxOptions {
  std::int64_t dimension = 2;
  std::vector<double> low = {0};
  std::vector<double> high = {1};
  void describe(Fields& fields) {
    fields.integer("dimension", dimension, Range::at_least(1), "coordinates d");
    fields.numbers("low", low, Range::any(), "lower wall of each coordinate, or one for all");
    fields.numbers("high", high, Range::any(), "upper wall of each coordinate, or one for all");
  }
};

const Registry<Domain, DomainContext>& known_factors();

struct ProductOptions {
  Json factors = {{{"name", "torus"}, {"dimension", 1}}, {{"name", "euclidean"}, {"dimension", 1}}};
  void describe(Fields& fields) {
    fields.section("factors", factors,
                   "array of sections like this one; a point is one of each, side by side");
    require(factors.is_array() && !factors.empty(), "domain.factors: expected an array of domains, found {}",
            factors.dump());
    // Read here, so that a mistake in a factor is found when the configuration is read and
    // defaults are written out.
    for (std::size_t i = 0; i < factors.size(); ++i)
      factors[i] = known_factors().read(factors[i], fmt::format("domain.factors[{}]", i)).resolved();
  }
};

std::shared_ptr<Domain> make_torus(const DomainContext&, const TorusOptions& given) {
  const auto options = checked(given, "torus");
  auto low = options.low;
  if (!low.empty()) low = for_each_coordinate(low, options.dimension, "low");
  return std::make_shared<Torus>(for_each_coordinate(options.periods, options.dimension, "periods"), low);
}

std::shared_ptr<Domain> make_box(const DomainContext&, const BoxOptions& given) {
  const auto options = checked(given, "box");
  return std::make_shared<Box>(for_each_coordinate(options.low, options.dimension, "low"),
                               for_each_coordinate(options.high, options.dimension, "high"));
}

std::shared_ptr<Domain> make_product(const DomainContext& context, const ProductOptions& given) {
  const auto options = checked(given, "product");
  ProductDomain::Factors factors;
  for (const auto& section : options.factors)
    factors.push_back(known_factors().read(section, "domain.factors").make(context));
  return std::make_shared<ProductDomain>(std::move(factors));
}

const Registry<Domain, DomainContext>& known_factors() {
  static const auto known = [] {
    Registry<Domain, DomainContext> registry("domain");
    add_domains(registry);
    return registry;
  }();
  return known;
}

}  // namespace

void add_domains(Registry<Domain, DomainContext>& entries) {
  entries.add<SphereOptions>("sphere", "unit sphere S^{d-1}; τ is uniform",
                             [](const DomainContext&, const SphereOptions& options) {
                               return std::make_shared<Sphere>(checked(options, "sphere").dimension);
                             });
  entries.add<EuclideanOptions>("euclidean", "R^d; the base measure is Lebesgue's",
                                [](const DomainContext&, const EuclideanOptions& given) {
                                  const auto options = checked(given, "euclidean");
                                  return std::make_shared<Euclidean>(options.dimension, options.scale,
                                                                     options.half_width);
                                });
  entries.add<TorusOptions>(
      "torus",
      "T^k of angles in any unit; energies see their cosines and sines, so that all are "
      "periodic; τ is uniform",
      make_torus);
  entries.add<BoxOptions>("box", "coordinates between walls that chains are reflected at; τ is uniform",
                          make_box);
  entries.add<ProductOptions>("product", "the product of several: angles and lengths, places and depths",
                              make_product);
}

}  // namespace ebm
