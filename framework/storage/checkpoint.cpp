#include "dualebm/framework/storage/checkpoint.hpp"

#include <c10/util/Exception.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/base/version.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/storage/state_file.hpp"
#include "dualebm/framework/training/model_snapshot.hpp"
#include "dualebm/framework/training/parameter_average.hpp"

namespace ebm {
namespace {

/// Runs a load; what speaks against it becomes one line that names the file.
template <class Load>
void explained(const std::filesystem::path& path, Load load) {
  try {
    load();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    fail("{}: does not fit this configuration: {}", path.string(), message.substr(0, message.find('\n')));
  } catch (const UserError& error) {
    fail("{}: does not fit this configuration: {}", path.string(), error.what());
  }
}

constexpr const char* program = "dualebm " DUALEBM_VERSION;

/// The first key in which two configurations differ, with both values.
std::string difference(const std::string& before, const std::string& now) {
  const auto old_one = Json::parse(before, nullptr, /*allow_exceptions=*/false);
  const auto new_one = Json::parse(now, nullptr, false);
  const auto changes = Json::diff(old_one, new_one);
  if (changes.empty()) return "configuration";
  const auto path = changes[0]["path"].get<std::string>();
  const Json::json_pointer place(path);
  const auto shown = [&](const Json& all) {
    return all.contains(place) ? printable(all[place].dump(-1, ' ', false, Json::error_handler_t::replace))
                               : "none";
  };
  return fmt::format("{}, which is {} there and {} here", printable(path.substr(path.empty() ? 0 : 1)),
                     shown(old_one), shown(new_one));
}

/// @return a remark on who has written it
std::string require_identity(const State& state, const CheckpointIdentity& expected) {
  if (!state.has("identity")) {
    require(expected.run.empty(), "it does not say whose it is; a program of before has written it");
    return "";
  }
  const auto identity = state.part("identity");
  const auto run = identity.text("run"), configuration = identity.text("configuration");
  require(expected.configuration.empty() || configuration.empty() || configuration == expected.configuration,
          "it is of another run: {}", difference(configuration, expected.configuration));
  require(expected.run.empty() || run.empty() || run == expected.run,
          "it is of another run, {}; this one is {}", printable(run), expected.run);
  const auto by = identity.text("program"), with = identity.text("libtorch");
  if (by == program && with == TORCH_VERSION) return "";
  return fmt::format("written by {} with LibTorch {}, and this is {} with {}: the run may end in other bits",
                     printable(by), printable(with), program, TORCH_VERSION);
}

}  // namespace

void save_module(const std::filesystem::path& path, const torch::nn::Module& module) {
  write_state(path, state_of(module));
}

void load_module(const std::filesystem::path& path, torch::nn::Module& module) {
  const auto state = read_state(path);
  explained(path, [&] { restore(module, state); });
}

void save_checkpoint(const std::filesystem::path& path, const Training& training,
                     const CheckpointIdentity& identity) {
  State state = training.save(), whose;
  whose.write("run", identity.run);
  whose.write("configuration", identity.configuration);
  whose.write("program", std::string(program));
  whose.write("libtorch", std::string(TORCH_VERSION));
  state.write("identity", whose);
  if (training.trainer().ranks().is_first()) write_state(path, state);
}

std::string load_checkpoint(const std::filesystem::path& path, Training& training,
                            const CheckpointIdentity& expected) {
  return load_checkpoint(read_state(path), path, training, expected);
}

std::string load_checkpoint(const State& state, const std::filesystem::path& path, Training& training,
                            const CheckpointIdentity& expected) {
  std::string remark;
  explained(path, [&] {
    remark = require_identity(state, expected);
    training.load(state);
  });
  return remark.empty() ? "" : fmt::format("{}: {}", path.string(), remark);
}

void load_energy_of_checkpoint(const State& state, const std::filesystem::path& path, Energy& energy) {
  explained(path, [&] {
    restore(energy, state.part("energy"));
    if (state.has("best")) {
      ModelSnapshot best(energy);
      best.load(state.part("best"));
      best.write_to(energy);
    } else if (state.has("average")) {
      ParameterAverage average(energy, /*decay=*/0);
      average.load(state.part("average"));
      average.write_to(energy);
    }
  });
}

void load_energy_of_checkpoint(const std::filesystem::path& path, Energy& energy) {
  load_energy_of_checkpoint(read_state(path), path, energy);
}

}  // namespace ebm
