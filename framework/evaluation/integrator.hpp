#pragma once

#include <memory>
#include <optional>

#include "dualebm/framework/problem/adaptive_quadrature.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/problem.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Integrates exp(-E) over the domain of a problem: by the domain's fixed rule where that is good enough,
/// which is known from a rougher rule, from the data, which it has to cover, and from the energies at data
/// beside those at the nodes near them; else by cells that are refined for this energy
/// (adaptive_quadrature.hpp), on the atlas of the domain, which on R^d is laid by the data.
class Integrator final {
 public:
  struct Options {
    std::int64_t resolution = 100;      ///< of the fixed rule, see Domain::quadrature
    double tolerance = 1e-3;            ///< of log Z, in nats: beyond it cells are refined
    std::int64_t most_nodes = 1 << 17;  ///< at which E is computed while refining; 0: never refine
    void describe(Fields& fields);
  };

  /// @param problem  outlives it
  Integrator(const Problem& problem, const Options& options);

  /// The fixed rule and the rougher one that tells its error; none where the domain has none.
  const std::optional<Quadrature>& fine() const { return fine_; }
  const std::optional<Quadrature>& coarse() const { return coarse_; }  ///< likewise
  const Options& options() const { return options_; }                  ///< as given

  /// Whether cells can be refined on this domain.
  bool refines() const { return atlas_ != nullptr && options_.most_nodes > 0; }

  /// Whether the fixed rule covers the data and no peak at a data point falls between its nodes.
  /// @param at_nodes  E at the nodes of the fine rule, [Q], double
  bool sees(Energy& energy, const torch::Tensor& at_nodes) const;

  /// A rule refined for exp(-E), and for the teacher's density if there is one.
  AdaptiveQuadrature refined(Energy& energy, double tolerance) const;

  /// The fixed rule where it will do, else a refined one, which may be the worse of the
  /// two where nodes ran out.
  struct Choice {
    AdaptiveQuadrature rule;
    bool fixed;  ///< whether it is the fixed one
  };
  /// @throws UserError if the domain has neither
  Choice choose(Energy& energy) const;

 private:
  const Problem& problem_;
  Options options_;
  std::optional<Quadrature> fine_, coarse_;
  std::shared_ptr<const Atlas> atlas_;
  torch::Tensor probes_;        ///< some rows of the data, in their dtype and on their device
  torch::Tensor nearest_node_;  ///< of each, int64
  bool covers_ = true;
};

}  // namespace ebm
