#pragma once

#include <string>

#include "dualebm/framework/evaluation/witness.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// What a witness says, in one line without its place: how many times the model's mass the points have there,
/// what a bump is worth, and whether points that the search has not seen agree.
std::string witness_text(const Witness& witness);

/// The same as an object, with the place under its names. @param place  name of a coordinate -> its value
Json witness_json(const Witness& witness, Json place);

}  // namespace ebm
