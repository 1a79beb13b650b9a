#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/fingerprint.hpp"
#include "dualebm/framework/compute/default_generator.hpp"
#include "dualebm/framework/training/optimizers/optimizer_state.hpp"
#include "dualebm/framework/training/training.hpp"

/// What a training saves and loads: the truth that a resumed run goes on from.
namespace ebm {
namespace {

/// Records as one table of numbers [records, columns], NaN where a metric was not there, with their names.
State state_of(const std::vector<Record>& records) {
  std::vector<std::string> names;
  for (const auto& record : records) {
    for (const auto& [name, value] : record.metrics) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  const auto rows = static_cast<std::int64_t>(records.size());
  const auto counts = torch::zeros({rows, 6}, torch::kLong);
  const auto values = torch::full({rows, static_cast<std::int64_t>(names.size()) + 2}, NAN, torch::kDouble);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto& [progress, metrics] = records[static_cast<std::size_t>(i)];
    const auto& cost = progress.cost;
    counts[i].copy_(torch::tensor({progress.iteration, progress.gradient_evaluations, cost.energies,
                                   cost.point_gradients, cost.parameter_gradients, cost.double_gradients},
                                  torch::kLong));
    values[i][0] = progress.seconds;
    values[i][1] = progress.fraction;
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (const double* value = find_metric(metrics, names[k]))
        values[i][static_cast<std::int64_t>(k) + 2] = *value;
    }
  }
  State state;
  state.write("counts", counts);
  state.write("values", values);
  state.write("names", fmt::format("{}", fmt::join(names, " ")));
  return state;
}

std::vector<Record> records_of(const State& state) {
  std::vector<std::string> names;
  std::istringstream listed(state.text("names"));
  for (std::string name; listed >> name;) names.push_back(name);
  const auto counts = state.tensor("counts").contiguous(), values = state.tensor("values").contiguous();
  require(counts.dim() == 2 && counts.size(1) == 6 && counts.scalar_type() == torch::kLong &&
              values.dim() == 2 && values.scalar_type() == torch::kDouble &&
              values.size(0) == counts.size(0) &&
              values.size(1) == static_cast<std::int64_t>(names.size()) + 2,
          "the records do not fit together");
  const auto count = counts.accessor<std::int64_t, 2>();
  const auto value = values.accessor<double, 2>();
  std::vector<Record> records(static_cast<std::size_t>(counts.size(0)));
  for (std::int64_t i = 0; i < counts.size(0); ++i) {
    auto& [progress, metrics] = records[static_cast<std::size_t>(i)];
    progress = {.iteration = count[i][0],
                .gradient_evaluations = count[i][1],
                .seconds = value[i][0],
                .fraction = value[i][1],
                .cost = {count[i][2], count[i][3], count[i][4], count[i][5]}};
    for (std::size_t k = 0; k < names.size(); ++k) {
      const double number = value[i][static_cast<std::int64_t>(k) + 2];
      if (!std::isnan(number)) metrics.emplace_back(names[k], number);
    }
  }
  return records;
}

/// What the run goes on changing in place would change with it.
State copied(const State& live) {
  State copy;
  for (const auto& [name, value] : live.values()) {
    std::visit(
        [&, &key = name](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, torch::Tensor>) {
            copy.write(key, held.clone());
          } else {
            copy.write(key, held);
          }
        },
        value);
  }
  return copy;
}

/// Everywhere in a state of a training where a part of `trainer` may be: now, and in its good states.
constexpr const char* places_of_trainer[] = {"trainer", "good_0.trainer", "good_1.trainer"};

/// The particles of all ranks in place of those of this one, at rank 0.
void gather_particles(State& state, const Trainer& trainer) {
  if (trainer.ranks().size() == 1 || trainer.why_one_rank()) return;
  for (const std::string place : places_of_trainer) {
    if (!state.has(place)) continue;
    const auto rows = rank_rows(state.integer(place + ".count"), trainer.ranks());
    for (const auto& name : trainer.spread_tensors()) {
      const auto path = place + "." + name;
      if (const auto all = gather_rows(state.tensor(path), rows, trainer.ranks()); all.defined())
        state.write(path, all);
    }
  }
}

/// The particles of this rank in place of all.
State with_own_particles(const State& whole, const Trainer& trainer) {
  State state = whole;
  if (trainer.ranks().size() == 1 || trainer.why_one_rank()) return state;
  for (const std::string place : places_of_trainer) {
    if (!state.has(place)) continue;
    for (const auto& name : trainer.spread_tensors()) {
      const auto path = place + "." + name;
      const auto all = state.tensor(path);
      state.write(path, rank_rows(all.size(0), trainer.ranks()).of(all).clone());
      state.write(place + ".count", all.size(0));
    }
  }
  return state;
}

/// That every rank has the same parameters still, which other sums of another processor would end.
void require_same_parameters(const Trainer& trainer) {
  if (trainer.ranks().size() == 1) return;
  Fingerprint fingerprint;
  for (const auto& parameter : trainer.energy().parameters()) {
    const auto dense = parameter.detach().contiguous();
    fingerprint.add(dense.data_ptr(), dense.nbytes());
  }
  require_same(trainer.ranks(), "parameters: are their machines of one kind?", fingerprint.text());
}

State state_of(const Progress& progress) { return state_of(std::vector<Record>{{progress, {}}}); }

}  // namespace

/// What a step goes on from.
State Training::moving_parts() const {
  State state, trainer, average, best;
  trainer_->save(trainer);
  // While the energy shows the result, its own parameters are aside.
  if (own_) {
    ModelSnapshot shown(energy());
    own_->write_to(energy());
    state.write("energy", copied(ebm::state_of(energy())));
    shown.write_to(energy());
  } else {
    state.write("energy", copied(ebm::state_of(energy())));
  }
  state.write("optimizer", copied(ebm::state_of(*optimizer_)));
  state.write("trainer", copied(trainer));
  state.write("random", trainer_->random().state());
  state.write("batches", options_.batches->state());
  state.write("progress", state_of(progress_));
  if (!energy().row_parallel()) {
    state.write("default_generator", default_generator_state(trainer_->tensor_options().device()));
  }
  if (average_) {
    average_->save(average);
    state.write("average", copied(average));
  }
  if (best_) {
    best_->save(best);
    state.write("best", copied(best));
  }
  return state;
}

/// The model that a state holds under a name, if it does.
std::optional<ModelSnapshot> Training::snapshot_in(const State& state, const std::string& name) const {
  if (!state.has(name)) return std::nullopt;
  ModelSnapshot snapshot(energy());
  snapshot.load(state.part(name));
  return snapshot;
}

void Training::restore_moving_parts(const State& state) {
  own_.reset();
  restore(energy(), state.part("energy"));
  restore(*optimizer_, state.part("optimizer"));
  trainer_->load(state.part("trainer"));
  trainer_->random().set_state(state.tensor("random"));
  options_.batches->set_state(state.tensor("batches"));
  progress_ = records_of(state.part("progress")).at(0).progress;
  if (!energy().row_parallel()) {
    set_default_generator_state(state.tensor("default_generator"), trainer_->tensor_options().device());
  }
  best_ = snapshot_in(state, "best");
  if (average_) {
    // A run that went without an average so far begins one where it stands.
    average_.emplace(energy(), options_.average_decay);
    if (state.has("average")) average_->load(state.part("average"));
  }
  guard_->resume_at(progress_.iteration);
  executor_->forget();
}

State Training::save() const {
  require_finite();
  require_same_parameters(*trainer_);
  auto state = saved();
  gather_particles(state, *trainer_);
  return state;
}

State Training::saved() const {
  auto state = moving_parts();
  state.write("training_points", problem().data().train.size(0));
  state.write("data", problem().fingerprint());
  state.write("records", state_of(records_));
  state.write("recoveries", ebm::state_of(recoveries_));
  for (std::size_t i = 0; i < good_.size(); ++i) state.write(fmt::format("good_{}", i), good_[i]);
  if (end_) {
    State end, before;
    end.write("records", static_cast<std::int64_t>(end_->records));
    if (end_->best) end_->best->save(before);
    end.write("best", copied(before));
    state.write("end", end);
  }
  return state;
}

void Training::load(const State& state) {
  const auto points = state.integer("training_points"), here = problem().data().train.size(0);
  require(points == here, "it was trained on {} points, and there are {} now", points, here);
  require(state.text("data") == problem().fingerprint(),
          "its data are not those of now: a file, a split or a seed has changed since");
  const auto before = saved();
  const bool showed_result = own_.has_value();
  try {
    apply(with_own_particles(state, *trainer_));
  } catch (...) {
    apply(before);
    if (showed_result) show_result();
    throw;
  }
}

void Training::apply(const State& state) {
  restore_moving_parts(state);
  records_ = records_of(state.part("records"));
  recoveries_ = recoveries_of(state.part("recoveries"));
  good_.clear();
  for (const char* name : {"good_0", "good_1"}) {
    if (state.has(name)) good_.push_back(copied(state.part(name)));
  }
  last_good_ = good_.empty() ? -1 : records_of(good_.back().part("progress")).at(0).progress.iteration;
  end_.reset();
  if (state.has("end")) {
    const auto records = state.integer("end.records");
    require(records >= 0 && records <= static_cast<std::int64_t>(records_.size()),
            "its end has {} records of {}", records, records_.size());
    end_ = End{.records = static_cast<std::size_t>(records), .best = snapshot_in(state, "end.best")};
  }
}

}  // namespace ebm
