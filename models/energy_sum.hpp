#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// A sum of energies, each by a name of its own,
///
///     E(x) = Σ_k E_k(x), so that exp(-E) is the product of what the parts are alone, normalised as a whole:
///
/// a smooth energy for the whole of the domain and bumps for what is sharp in places. Everything is asked of
/// the parts: values, gradients in x and in parameters by the way that each knows best, projections,
/// smoothness, whether rows may be cut. Parameters and buffers are those of the parts behind their names:
/// "local.coefficients". Linear in its parameters where all parts are.
class EnergySum final : public Energy {
 public:
  /// An energy with its name: letters, digits and underscores, no digit first.
  struct Part {
    std::string name;
    std::shared_ptr<Energy> energy;
  };
  struct Options final : registry::Composite<Energy, EnergyContext> {
    /// Object of name: section of an energy, which a configuration's reader turns into choices.
    Json parts = Json::object();
    /// The parts, once they have been read.
    std::vector<std::pair<std::string, Choice<Energy, EnergyContext>>> choices = {};

    void describe(Fields& fields);
    /// @throws UserError if there is no part, one has no name to register it by, or is a sum itself
    bool read_parts(const registry::Reader<Energy, EnergyContext>& read, const std::string& path) override;
  };

  /// Makes the parts, each with a stream of random numbers that is a function of its name alone.
  /// @throws UserError if there are none, as for sections that nobody has read
  EnergySum(const EnergyContext& context, const Options& options);
  /// Of energies that are there. @throws UserError if there is none, one is missing or two have one name
  explicit EnergySum(std::vector<Part> parts);

  const std::vector<Part>& parts() const { return parts_; }  ///< in the order given

  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor gradient(const torch::Tensor& x) override;
  std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) override;
  /// Where every part has such a kernel.
  RowGradient row_gradient(const torch::Tensor& like) override;
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override;
  bool row_parallel() const override;
  void project_parameters() override;
  bool smooth() const override;
  /// That of a single part; a sum's is not known from those of its parts.
  std::optional<double> log_normalizer() const override;
  /// The sum of those of the parts, where all have one.
  std::optional<double> lower_bound() const override;

 private:
  void add(Part part);

  std::vector<Part> parts_;
};

}  // namespace ebm
