#include "circle.hpp"
#include "dualebm/apps/command_line.hpp"
#include "ring.hpp"
#include "slow_gda.hpp"

int main(int argc, char** argv) {
  auto catalogue = ebm::standard_catalogue();
  catalogue.energies.add<Ring>("ring", "a ring on R²; its radius is learnt");
  catalogue.trainers.add<SlowGda>("slow_gda", "dual GDA with several Langevin steps an iteration");
  catalogue.datasets.add<CircleOptions>("circle", "points near a circle in R²", draw_circle);
  return ebm::run_command_line(argc, argv, catalogue);
}
