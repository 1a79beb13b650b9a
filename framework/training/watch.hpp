#pragma once

#include <optional>
#include <string>

#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Whether a training has gone astray, in one line; nothing: it has not, as far as can be seen. Changes
/// neither model nor particles and draws nothing from the training's streams; the trainer's own watch
/// (Trainer::complaint) begins anew. Waits for a device.
///
/// Looked at are E at up to 500 rows of the data and at as many particles, and what the trainer says for
/// itself (Trainer::complaint). Astray is a run with an energy that is not finite, or whose gap
///
///     g = |median E(particles) - median E(data)| > 10 + d + 10 q, q: half the distance of the
///     quartiles of E(data)
///
/// nats: where particles are the model, medians differ by less than the energies scatter, and energies of a
/// model in d dimensions scatter by about sqrt(d/2); d nats stand for a start far from the data. Medians,
/// since one outlier of the data may have any energy.
std::optional<std::string> trouble_in(Trainer& trainer, std::int64_t iteration);

}  // namespace ebm
