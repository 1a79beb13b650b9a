#include "dualebm/framework/experiment/plugin.hpp"
#include "circle.hpp"
#include "ring.hpp"
#include "slow_gda.hpp"

DUALEBM_PLUGIN(catalogue) {
  catalogue.energies.add<Ring>("ring", "a ring on R²; its radius is learnt");
  catalogue.trainers.add<SlowGda>("slow_gda", "dual GDA with several Langevin steps an iteration");
  catalogue.datasets.add<CircleOptions>("circle", "points near a circle in R²", draw_circle);
}
