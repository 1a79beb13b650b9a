#include "dualebm/framework/problem/domains.hpp"

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
}

}  // namespace ebm
