#pragma once

#include "dualebm/framework/settings/registry.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Every trainer by name; add your own with `trainers().add<MyTrainer>(name, meaning)`.
Registry<Trainer, TrainerContext>& trainers();

}  // namespace ebm
