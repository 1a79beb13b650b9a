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

}  // namespace

void add_samplers(Registry<Sampler, SamplerContext>& samplers) {
  samplers.add<MalaAndJumps>(
      "mala_and_jumps", "MALA, which knows its mode, and then jumps of some particles, which know the others",
      [](const SamplerContext& context, const MalaAndJumps& options) {
        return std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
            std::make_shared<Mala>(options.mala), std::make_shared<IndependenceJump>(context, options.jump)});
      });
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
