#pragma once

#include "framework/registry.hpp"
#include "framework/trainer.hpp"

namespace ebm {

/// Every trainer of this room by name.
const Registry<Trainer, TrainerContext>& trainers();

}  // namespace ebm
