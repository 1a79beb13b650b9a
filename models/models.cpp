#include "dualebm/models/models.hpp"

#include "dualebm/models/convolutional.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/models/script.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/models/von_mises_fisher.hpp"

namespace ebm {
namespace {

/// The number of coordinates, once the domain is the one that the energy is a density on.
template <class Expected>
std::int64_t dimension_on(const EnergyContext& context, const char* energy) {
  return expect_domain<Expected>(*context.domain, energy).dimension();
}

/// The same once τ is a probability: then exp(-E) has an integral whatever the network is.
std::int64_t dimension_on_probability(const EnergyContext& context, const char* energy) {
  const auto& domain = *context.domain;
  require(domain.has_probability_base(),
          "{} lives on a domain of finite measure (sphere, torus, box), not on {}", energy, domain.name());
  return domain.dimension();
}

}  // namespace

void add_energies(Catalogue& catalogue) {
  auto& entries = catalogue.energies;
  entries.add<Shallow::Options>(
      "shallow", "shallow network, feature learning (F1): neurons and weights move; sphere, torus, box",
      [](const Shallow::Options& options, const EnergyContext& context) {
        return std::make_shared<Shallow>(dimension_on_probability(context, "shallow"), options,
                                         context.random, context.tensor_options);
      });
  entries.add<LazyShallow::Options>(
      "lazy_shallow",
      "shallow network, lazy (F2): frozen random neurons, real coefficients; sphere, torus, box",
      [](const LazyShallow::Options& options, const EnergyContext& context) {
        return std::make_shared<LazyShallow>(dimension_on_probability(context, "lazy_shallow"), options,
                                             context.random, context.tensor_options);
      });
  entries.add<VonMisesFisherMixture::Options>(
      "von_mises_fisher", "mixture of von Mises-Fisher densities, normalised; sphere",
      [](const VonMisesFisherMixture::Options& options, const EnergyContext& context) {
        return std::make_shared<VonMisesFisherMixture>(dimension_on<Sphere>(context, "von_mises_fisher"),
                                                       options, context.random, context.tensor_options);
      });
  entries.add<Gaussian::Options>("gaussian", "Gaussian with independent coordinates, normalised; euclidean",
                                 [](const Gaussian::Options& options, const EnergyContext& context) {
                                   return std::make_shared<Gaussian>(
                                       dimension_on<Euclidean>(context, "gaussian"), options,
                                       context.tensor_options);
                                 });
  entries.add<Mlp>("mlp", "multilayer perceptron with a smooth activation; any domain");
  entries.add<Convolutional>("convolutional", "convolutional network for images; euclidean");
  entries.add<Script>("script", "a TorchScript file, made in Python or exported from here; any domain");
  entries.add<Teacher::Options>("teacher",
                                "fixed shallow ReLU energy with given neurons; for data, not for training",
                                [](const Teacher::Options& options, const EnergyContext& context) {
                                  return std::make_shared<Teacher>(dimension_on<Sphere>(context, "teacher"),
                                                                   options, context.tensor_options);
                                });
}

}  // namespace ebm
