#include "dualebm/framework/storage/checkpoint_generations.hpp"

#include <system_error>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/storage/state_file.hpp"

namespace ebm {

CheckpointGenerations::CheckpointGenerations(std::filesystem::path newest, std::filesystem::path older,
                                             CheckpointIdentity identity)
    : newest_(std::move(newest)), older_(std::move(older)), identity_(std::move(identity)) {}

void CheckpointGenerations::write(const Training& training) {
  training.require_finite();
  if (newest_iteration_ && (!older_iteration_ || *newest_iteration_ - *older_iteration_ >= distance)) {
    // Its name goes with it; until the next one has come, `load` finds it under the other.
    std::error_code error;
    if (training.trainer().ranks().is_first()) std::filesystem::rename(newest_, older_, error);
    if (!error) older_iteration_ = newest_iteration_;
  }
  newest_iteration_.reset();
  save_checkpoint(newest_, training, identity_);
  newest_iteration_ = training.progress().iteration;
}

bool CheckpointGenerations::exist() const {
  return std::filesystem::exists(newest_) || std::filesystem::exists(older_);
}

CheckpointGenerations::Found CheckpointGenerations::read(bool older_first) const {
  Found found;
  for (const auto& path : {older_first ? older_ : newest_, older_first ? newest_ : older_}) {
    if (!std::filesystem::exists(path)) continue;
    try {
      found.state = read_state(path);
      found.path = path;
      if (!found.complaint.empty()) found.complaint += fmt::format("; going on from {}", path.string());
      return found;
    } catch (const UserError& error) {
      found.complaint += (found.complaint.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  fail("{}", found.complaint.empty() ? newest_.string() + ": there is no checkpoint" : found.complaint);
}

std::optional<CheckpointGenerations::Loaded> CheckpointGenerations::load(Training& training, bool diverged) {
  if (!exist()) return std::nullopt;
  const bool distrusted = diverged && std::filesystem::exists(older_);
  const auto found = read(/*older_first=*/distrusted);
  Loaded loaded;
  const auto by = load_checkpoint(found.state, found.path, training, identity_);
  for (const auto& line : {found.complaint, by}) {
    if (!line.empty()) loaded.remarks.push_back(line);
  }
  loaded.iteration = training.progress().iteration;
  if (found.path == newest_) {
    newest_iteration_ = loaded.iteration;
    return loaded;
  }
  older_iteration_ = loaded.iteration;
  auto& ranks = training.trainer().ranks();
  ranks.barrier();  // all have read what there was
  if (distrusted && ranks.is_first()) {
    // Whatever comes now, the run does not go on from it again.
    std::filesystem::remove(newest_);
    flush_folder(newest_.parent_path());
  }
  return loaded;
}

}  // namespace ebm
