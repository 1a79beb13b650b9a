#include "dualebm/framework/storage/checkpoint.hpp"

#include <c10/util/Exception.h>

#include "dualebm/framework/base/error.hpp"
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

}  // namespace

void save_module(const std::filesystem::path& path, const torch::nn::Module& module) {
  write_state(path, state_of(module));
}

void load_module(const std::filesystem::path& path, torch::nn::Module& module) {
  const auto state = read_state(path);
  explained(path, [&] { restore(module, state); });
}

void save_checkpoint(const std::filesystem::path& path, const Training& training) {
  write_state(path, training.save());
}

void load_checkpoint(const std::filesystem::path& path, Training& training) {
  const auto state = read_state(path);
  explained(path, [&] { training.load(state); });
}

void load_energy_of_checkpoint(const std::filesystem::path& path, Energy& energy) {
  const auto state = read_state(path);
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

}  // namespace ebm
