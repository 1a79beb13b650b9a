#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {

/// Two checkpoints of one run. The newest may be damaged, or be of a training that was lost already, which
/// shows only later. The older one is known to be good: the training has gone on from it without trouble.
/// They lie `distance` iterations apart where checkpoints are written more often than that.
class CheckpointGenerations final {
 public:
  /// Iterations that the older one lies behind at least, before another takes its place.
  static constexpr std::int64_t distance = 100;

  CheckpointGenerations(std::filesystem::path newest, std::filesystem::path older,
                        CheckpointIdentity identity = {});

  /// The training becomes the newest; what was that before becomes the older one if it is due.
  /// @throws UserError if it cannot be written; then one file at least is as it was
  /// @throws NonFiniteError if the training is not finite; then both are
  void write(const Training& training);

  /// What a training goes on from.
  struct Loaded {
    std::int64_t iteration = 0;        ///< that it stands at
    std::vector<std::string> remarks;  ///< for a person: of damage, of another program
  };

  /// The newest whole one, or the older one.
  /// @param diverged  the run did after its newest: then the older one, and the newest is removed
  /// @return nothing if there is none
  /// @throws UserError if none is whole, or one is of another run or training
  std::optional<Loaded> load(Training& training, bool diverged);

  /// Whether there is any.
  bool exist() const;

  /// One of them, to be looked at.
  struct Found {
    State state;                 ///< all of it
    std::filesystem::path path;  ///< its file
    std::string complaint;       ///< what spoke against the other one; empty if nothing did
  };

  /// The newest whole one, or the older one first. @throws UserError if none is whole
  Found read(bool older_first = false) const;

 private:
  std::filesystem::path newest_, older_;
  CheckpointIdentity identity_;
  /// Iterations of files that this object has written or loaded: only these does it vouch for.
  std::optional<std::int64_t> newest_iteration_, older_iteration_;
};

}  // namespace ebm
