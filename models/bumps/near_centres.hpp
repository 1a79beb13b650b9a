#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace ebm {

/// How a bump falls off from its centre, as a function of t = κ/2 times the square of the distance.
enum class BumpProfile {
  gaussian,  ///< exp(-t), below 2.1e-16 beyond 8.5 widths κ^{-1/2}
  compact,  ///< (1 - t/8)⁸ up to t = 8, four widths, and 0 from there on: seven derivatives, no exponential
};

/// t from which on a compact bump is zero, and its power.
inline constexpr int compact_end = 8;

/// Finds the bumps s_j φ(κ_j |x - c_j|² / 2) that are not zero at a point: those that are nearer than the
/// reach of their profile φ. The centres of one κ lie in a grid of cells as long as that distance, of which a
/// point looks at its own and those beside it, so that its time grows with the number of near centres; above
/// three dimensions all centres are looked at.
///
/// Elliptic bumps have |x - c|² - <v, x - c>² in place of the square: (1 - |v|²)^{-1/2} times as long along
/// v, and as much farther are they looked for.
///
/// Bumps are handed out in an order of their own, cell by cell, so that a point's work is on numbers side by
/// side: `order` tells which they are. Same bits for every instruction set.
class NearCentres final {
 public:
  /// @param centres [M, d] @param concentrations κ [M] @param heights s [M], positive, or 0 for no bump
  /// @param axes  v [M, d], shorter than 1; undefined: all are round
  NearCentres(BumpProfile profile, const torch::Tensor& centres, const torch::Tensor& concentrations,
              const torch::Tensor& heights, const torch::Tensor& axes = {});

  /// The number j of each bump, in the order of this class; those without height are left out. [P]
  const torch::Tensor& order() const { return order_; }
  std::int64_t dimension() const { return dimension_; }  ///< d
  /// c_j in this order, coordinate by coordinate: coordinate k of all is at `centres(k)`, [P].
  const double* centres(std::int64_t k) const {
    return centres_.data() + static_cast<std::size_t>(k) * size();
  }
  bool elliptic() const { return !axes_.empty(); }  ///< whether there are axes
  /// v_j likewise, where there are axes.
  const double* axes(std::int64_t k) const { return axes_.data() + static_cast<std::size_t>(k) * size(); }
  double concentration(std::size_t position) const { return concentrations_[position]; }  ///< κ_j, likewise

  /// Bumps that are side by side: `count` of them from the position `first` on, and their values at a point.
  /// Zero for those that are too far.
  struct Run {
    std::size_t first = 0, count = 0;
    const double* values = nullptr;
    const double* slopes = nullptr;  ///< -s_j φ'(t)
    const double* along = nullptr;   ///< <v_j, x - c_j>, where there are axes
  };
  /// What a search keeps from point to point; one for each thread.
  class Search {
   public:
    explicit Search(const NearCentres& near) : near_(near), last_(near.scales_.size()) {}
    /// Calls body(run) for all bumps near x. @param x [d]
    template <class Body>
    void operator()(const double* x, Body body) {
      for (std::size_t s = 0; s < near_.scales_.size(); ++s) {
        for (const auto& range : ranges(s, x)) {
          if (near_.misses(s, range, x)) continue;
          near_.compute(s, range, x, *this);
          body(Run{range.begin, range.end - range.begin, values_.data(),
                   near_.profile_ == BumpProfile::gaussian ? values_.data() : slopes_.data(), along_.data()});
        }
      }
    }

   private:
    friend class NearCentres;
    struct Range {
      std::size_t begin = 0, end = 0;
      std::array<std::int32_t, 3> cell{};
    };
    struct Last {
      std::array<std::int32_t, 3> cell{};
      const std::vector<Range>* ranges = nullptr;
    };
    const std::vector<Range>& ranges(std::size_t scale, const double* x);

    const NearCentres& near_;
    std::vector<Last> last_;  ///< of each scale: points that follow one another often share a cell
    std::vector<double> values_, slopes_, along_;
  };

 private:
  using Key = std::array<std::int32_t, 3>;
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  /// The bumps of one κ.
  struct Scale {
    double concentration = 0;
    double reach = 0;     ///< of the longest, and the side of a cell
    double farthest = 0;  ///< square from which on a bump is zero
    /// The bumps that points of a cell may be near: those of it and of the cells beside it.
    std::unordered_map<Key, std::vector<Search::Range>, Hash> ranges;
  };
  std::size_t size() const { return concentrations_.size(); }
  Key cell_of(const double* x, double side) const;
  std::vector<Key> cells_beside(const Key& cell) const;  ///< with itself
  /// Whether no point of the cell is near x.
  bool misses(std::size_t scale, const Search::Range& range, const double* x) const;
  /// The bumps of a cell at x, into what the search keeps.
  void compute(std::size_t scale, const Search::Range& range, const double* x, Search& search) const;

  BumpProfile profile_;
  std::int64_t dimension_;
  torch::Tensor order_;
  std::vector<double> centres_, axes_, concentrations_, heights_;
  std::vector<Scale> scales_;
};

/// Σ_i a_i b_i by eight partial sums, the same bits for every instruction set.
double sum_of_products(const double* a, const double* b, std::size_t count);

}  // namespace ebm
