#include "circle.hpp"
#include "dualebm/apps/command_line.hpp"
#include "dualebm/trainers/trainers.hpp"
#include "ring.hpp"
#include "slow_gda.hpp"

int main(int argc, char** argv) {
  ebm::energies().add<Ring>("ring", "a ring on R²; its radius is learnt");
  ebm::trainers().add<SlowGda>("slow_gda", "dual GDA with several Langevin steps an iteration");
  ebm::datasets().add<Circle>("circle", "points near a circle in R²");
  return ebm::run_command_line(argc, argv);
}
