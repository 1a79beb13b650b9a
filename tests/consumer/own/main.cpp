#include <dualebm/apps/command_line.hpp>
#include "circles.hpp"
#include "coupled.hpp"
#include "diary.hpp"
#include "halved.hpp"
#include "noise_contrastive.hpp"
#include "random_walk.hpp"
#include "sign_descent.hpp"
#include "spread.hpp"
#include "tides.hpp"
#include "turned.hpp"

int main(int argc, char** argv) {
  auto catalogue = ebm::standard_catalogue();
  catalogue.domains.add<Circles>("circles", "a product of circles");
  catalogue.datasets.add<TidesOptions>("tides", "two phases that follow each other; circles", draw_tides);
  catalogue.transforms.add<Turned>("turned", "mean directions become (1, 0); circles");
  catalogue.energies.add<Coupled>("coupled", "two von Mises densities, coupled; two circles");
  catalogue.trainers.add<NoiseContrastive>("noise_contrastive", "data against noise from τ");
  catalogue.samplers.add<RandomWalk>("random_walk", "Metropolis by turns of the circles");
  catalogue.optimizers.add<SignDescent>("sign_descent", "steps of one size");
  catalogue.schedules.add<Halved>("halved", "half steps in the last part of the run");
  catalogue.metrics.add<Spread>("spread", "standard deviation of E over the test points");
  catalogue.callbacks.add<Diary>("diary", "a line in a file for each evaluation");
  return ebm::run_command_line(argc, argv, catalogue);
}
