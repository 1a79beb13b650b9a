#pragma once

#include <string>

#include "dualebm/framework/experiment/experiment.hpp"
#include "dualebm/framework/storage/run_directory.hpp"

namespace ebm {

/// A name for a new run that no other has: 128 random bits from the system, as hexadecimal digits.
std::string new_run_name();

/// A resolved configuration without what a run may change when it goes on: how long it is, how often it is
/// looked at, what it is called, the sizes of its steps with their schedules, where its files lie.
Json fixed_part(const Json& resolved);

/// What differs between a run's config.json and a configuration that it is to go on with: an array of
/// {"key", "from", "to"}, for the manifest.
/// @throws UserError naming the first key that may not
Json changes_of(const RunDirectory& directory, const Experiment& experiment);

}  // namespace ebm
