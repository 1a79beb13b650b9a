#pragma once

#include "framework/registry.hpp"
#include "framework/trainer.hpp"

namespace ebm {

/// Every trainer by name; add your own with `trainers().add<MyTrainer>(name, meaning)`.
Registry<Trainer, TrainerContext>& trainers();

}  // namespace ebm
