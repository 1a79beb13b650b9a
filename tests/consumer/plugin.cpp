#include "dualebm/framework/experiment/plugin.hpp"
#include "circle.hpp"
#include "dualebm/trainers/trainers.hpp"
#include "ring.hpp"
#include "slow_gda.hpp"

DUALEBM_PLUGIN() {
  ebm::energies().add<Ring>("ring", "a ring on R²; its radius is learnt");
  ebm::trainers().add<SlowGda>("slow_gda", "dual GDA with several Langevin steps an iteration");
  ebm::datasets().add<Circle>("circle", "points near a circle in R²");
}
