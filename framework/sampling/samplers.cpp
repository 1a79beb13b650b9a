#include "dualebm/framework/sampling/samplers.hpp"

#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/spherical_slice.hpp"
#include "dualebm/framework/sampling/tempering.hpp"
#include "dualebm/framework/sampling/underdamped.hpp"

namespace ebm {
namespace {

/// Both kernels by one flat list of options.
struct MalaAndJumps {
  Mala::Options mala;
  IndependenceJump::Options jump;
  void describe(Fields& fields) {
    mala.describe(fields);
    jump.describe(fields);
  }
};

template <class Kernel>
auto without_context() {
  return [](const typename Kernel::Options& options, const SamplerContext&) {
    return std::make_shared<Kernel>(options);
  };
}

}  // namespace

void add_samplers(Registry<Sampler, SamplerContext>& samplers) {
  samplers.add<MalaAndJumps>(
      "mala_and_jumps", "MALA, which knows its mode, and then jumps of some particles, which know the others",
      [](const MalaAndJumps& options, const SamplerContext& context) {
        return std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
            std::make_shared<Mala>(options.mala), std::make_shared<IndependenceJump>(context, options.jump)});
      });
  samplers.add<Langevin::Options>("langevin",
                                  "unadjusted Langevin dynamics: a bias of order h, no rejections",
                                  without_context<Langevin>());
  samplers.add<Mala::Options>("mala", "Langevin steps with Metropolis' correction: exact at any step",
                              without_context<Mala>());
  samplers.add<Hmc::Options>("hmc", "Hamiltonian Monte Carlo", without_context<Hmc>());
  samplers.add<Underdamped::Options>("underdamped",
                                     "underdamped Langevin dynamics with Metropolis' correction",
                                     without_context<Underdamped>());
  samplers.add<IndependenceJump>(
      "jump", "independence Metropolis from the base, a kernel density of the data or both");
  samplers.add<Tempering>("tempering", "replica exchange between the model and the base");
  samplers.add<SphericalSlice::Options>("slice", "geodesic slice sampling on the sphere: no step size",
                                        without_context<SphericalSlice>());
}

}  // namespace ebm
