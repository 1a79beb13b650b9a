#include "dualebm/models/models.hpp"

#include "dualebm/models/bumps.hpp"
#include "dualebm/models/convolutional.hpp"
#include "dualebm/models/energy_sum.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/models/script.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/spherical_harmonics.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/models/von_mises_fisher.hpp"

namespace ebm {

void add_energies(Catalogue& catalogue) {
  auto& entries = catalogue.energies;
  entries.add<Shallow>(
      "shallow", "shallow network, feature learning (F1): neurons and weights move; sphere, torus, box");
  entries.add<LazyShallow>(
      "lazy_shallow",
      "shallow network, lazy (F2): frozen random neurons, real coefficients; sphere, torus, box");
  entries.add<VonMisesFisherMixture>("von_mises_fisher",
                                     "mixture of von Mises-Fisher densities, normalised; sphere");
  entries.add<Gaussian>("gaussian", "Gaussian with independent coordinates, normalised; euclidean");
  entries.add<Bumps>(
      "gaussian_bumps",
      "Gaussian bumps of several widths at the data, linear in its parameters; sphere, torus, box");
  entries.add<Bumps::EllipticOptions>(
      "elliptic_bumps",
      "Gaussian bumps that lie along the data, linear in its parameters; sphere, torus, box of two "
      "dimensions or more",
      [](const EnergyContext& context, const Bumps::EllipticOptions& options) {
        return std::make_shared<Bumps>(context, options);
      });
  entries.add<SphericalHarmonics>("spherical_harmonics",
                                  "real spherical harmonics to a degree, linear in its parameters; S²");
  entries.add<EnergySum>("sum", "a sum of named energies, such as a global and a local one; where they live");
  entries.add<Mlp>("mlp", "multilayer perceptron with a smooth activation; any domain");
  entries.add<Convolutional>("convolutional", "convolutional network for images; euclidean");
  entries.add<Script>("script", "a TorchScript file, made in Python or exported from here; any domain");
  entries.add<Teacher>("teacher", "fixed shallow ReLU energy with given neurons; for data, not for training");
}

}  // namespace ebm
