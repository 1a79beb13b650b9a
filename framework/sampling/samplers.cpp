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

/// A kernel and jumps after it, by one flat list of options.
template <class Kernel>
struct WithJumps {
  typename Kernel::Options kernel;
  IndependenceJump::Options jump;
  void describe(Fields& fields) {
    kernel.describe(fields);
    jump.describe(fields);
  }
  static auto make() {
    return [](const SamplerContext& context, const WithJumps& options) {
      return std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
          std::make_shared<Kernel>(options.kernel),
          std::make_shared<IndependenceJump>(context, options.jump)});
    };
  }
};

}  // namespace

void add_samplers(Registry<Sampler, SamplerContext>& samplers) {
  samplers.add<WithJumps<Mala>>(
      "mala_and_jumps", "MALA, which knows its mode, and then jumps of some particles, which know the others",
      WithJumps<Mala>::make());
  samplers.add<WithJumps<Hmc>>("hmc_and_jumps",
                               "the same with Hamiltonian Monte Carlo: farther in a step, for more of them",
                               WithJumps<Hmc>::make());
  samplers.add<Langevin>("langevin", "unadjusted Langevin dynamics: a bias of order h, no rejections");
  samplers.add<Mala>("mala", "Langevin steps with Metropolis' correction: exact at any step");
  samplers.add<Hmc>("hmc", "Hamiltonian Monte Carlo");
  samplers.add<Underdamped>("underdamped", "underdamped Langevin dynamics with Metropolis' correction");
  samplers.add<IndependenceJump>(
      "jump", "independence Metropolis from the base, a kernel density of the data or both");
  samplers.add<Tempering>("tempering", "replica exchange between the model and the base");
  samplers.add<SphericalSlice>("slice", "geodesic slice sampling on the sphere: no step size");
}

}  // namespace ebm
