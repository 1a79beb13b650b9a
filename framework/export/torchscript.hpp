#pragma once

#include <filesystem>

#include "dualebm/framework/export/exportable.hpp"
#include "dualebm/framework/export/fidelity.hpp"

namespace ebm {

/// What an export has to say about the file it wrote.
struct ExportResult {
  Fidelity fidelity;  ///< of the file, read back, to the live model
  /// False where numbers were computed from the weights while tracing: right as it is, but not to be trained
  /// further. In the description it is "trainable".
  bool trainable = true;
};

/// Writes any energy as a TorchScript file that needs none of its code:
///
///     model = torch.jit.load("model.pt")
///     model(x)          # E(T(x)) - log |det ∂T/∂x|, [N, d] -> [N], in nats; differentiable. With a
///                       # transform x is best in float64: T works in double, and data far from zero have no
///                       # room in float32
///     model.score(x)    # minus its gradient, [N, d]; works under torch.no_grad() too
///
/// Weights are parameters and buffers by the names they have here, under "energy" and "transform" (a word
/// that Python keeps for itself, such as "in", gets an underscore); the number of points is free and
/// `model.double()` works, as does `model.energy.float()`, which leaves the transform in double. Its
/// description is the extra file `description_name`.
///
/// The bytes are read back and compared with the live model (verify_fidelity) before the file appears, whole;
/// an energy that a trace cannot hold faithfully is refused with the reason. The live model is untouched: it
/// is only read, in evaluation mode, and goes back to the mode it was in.
/// @throws UserError
ExportResult export_torchscript(const std::filesystem::path& path, const Exportable& model);

}  // namespace ebm
