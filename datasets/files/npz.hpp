#pragma once

#include <string>
#include <string_view>

namespace ebm {

/// The bytes of one array (a .npy file) of a NumPy archive, stored or deflated.
/// @param bytes  of the whole .npz file
/// @param array  its name, as numpy.savez was given it; empty: the only one
/// @throws UserError naming the arrays where none is chosen among several, or an unknown one.
std::string npz_array(std::string_view bytes, const std::string& array, const std::string& name);

}  // namespace ebm
