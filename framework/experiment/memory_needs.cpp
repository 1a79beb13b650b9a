#include "dualebm/framework/experiment/memory_needs.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr double gigabyte = 1e9;
constexpr double unknown = std::numeric_limits<double>::infinity();

/// A number of a section; 0 where there is none.
double number_in(const Json& section, const char* key) {
  return section.is_object() && section.contains(key) && section[key].is_number() ? section[key].get<double>()
                                                                                  : 0;
}

/// Weights of a fully connected network: the sum of the products of widths that follow each other.
double weights_of(const Json& section, double inputs) {
  if (!section.contains("hidden") || !section["hidden"].is_array()) return 0;
  double weights = 0, before = inputs;
  for (const auto& width : section["hidden"]) {
    if (!width.is_number()) return 0;
    weights += before * width.get<double>();
    before = width.get<double>();
  }
  return weights;
}

constexpr double weighted_particles = 1000;  // as ParticleTrainer has it

/// How many particles there are, beside the key that it follows from. dual_gda alone has weights, and few
/// particles, unless it is told otherwise.
std::pair<const char*, double> particles_of(const Json& all, double points) {
  const auto& trainer = all["trainer"];
  const bool langevin = number_in(trainer, "particle_step") > 0 ||
                        (all["sampler"].is_object() && all["sampler"].value("name", "") == "langevin");
  const auto weights = trainer.value("weights", Json(nullptr));
  const bool weighted =
      weights.is_boolean() ? weights.get<bool>() : trainer.value("name", "") == "dual_gda" && !langevin;
  const double given = number_in(trainer, "particles");
  if (!weighted && given == 0)
    return {"trainer.particles_per_point", number_in(trainer, "particles_per_point") * points};
  return {"trainer.particles",
          (given > 0 ? given : weighted_particles) + (weighted ? number_in(trainer, "held_out") : 0)};
}

/// Numbers of an energy that grow with what its section asks for; those of a sum are its parts'.
/// @param add  (key, count, what they are, numbers in each)
template <class Add>
void add_energy(const Json& section, const std::string& path, double dimension, const Add& add) {
  if (!section.is_object()) return;
  add(path + ".neurons", number_in(section, "neurons"), "neurons", dimension + 1);
  add(path + ".hidden", weights_of(section, dimension + 2 * number_in(section, "fourier_features")),
      "weights", 1);
  add(path + ".fourier_features", number_in(section, "fourier_features"), "frequencies", dimension);
  add(path + ".degree", number_in(section, "degree") * (number_in(section, "degree") + 2), "harmonics", 1);
  if (!section.contains("parts") || !section["parts"].is_object()) return;
  for (const auto& [name, part] : section["parts"].items())
    add_energy(part, path + ".parts." + name, dimension, add);
}

/// The first number after a name in a file of the kernel's; infinite where there is none.
double number_after(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    double value = 0;
    if (word == name && file >> value) return value;
  }
  return unknown;
}

/// The only number in a file; infinite where it holds none ("max").
double number_alone(const char* path) {
  std::ifstream file(path);
  double value = 0;
  return file >> value ? value : unknown;
}

}  // namespace

std::vector<MemoryNeed> memory_needs(const Experiment& experiment, std::int64_t points) {
  const auto& all = experiment.resolved;
  const auto &data = all["dataset"], &trainer = all["trainer"], &energy = all["energy"];
  const double size = experiment.general.dtype == "float64" ? 8 : 4;
  const double d = std::max(1.0, number_in(all["domain"], "dimension"));
  const double n = points > 0 ? static_cast<double>(points) : number_in(data, "train");
  std::vector<MemoryNeed> needs;
  const auto add = [&](const std::string& key, double count, const char* of, double numbers, double bytes) {
    if (count > 0)
      needs.push_back({key, fmt::format("{:.4g} {} of {:g} numbers", count, of, numbers), count * bytes});
  };
  // Drawn in double, then in the dtype of the run.
  for (const char* part : {"train", "validation", "test"})
    add(std::string("dataset.") + part, number_in(data, part), "points", d, d * (8 + size));
  // Positions, gradients, noise; and the positions of two good states.
  const double kept = number_in(all["loop"], "recoveries") > 0 ? 2 : 0;
  const auto [key, particles] = particles_of(all, n);
  add(key, particles, "particles", d, (3 + kept) * d * size);
  add("trainer.buffer_size", number_in(trainer, "buffer_size"), "chains", d, d * size);
  // Nodes and weights in double, energies at them.
  const double resolution = number_in(all["metrics"], "resolution");
  const bool sphere = all["domain"]["name"] == "sphere";
  const double nodes = sphere && d == 3    ? 2 * resolution * resolution
                       : !sphere && d <= 2 ? std::pow(2 * resolution, d)
                                           : 0;
  add("metrics.resolution", nodes, "nodes", d, (d + 3) * 8);
  // Parameters, gradients, one moment of an optimizer.
  add_energy(energy, "energy", d, [&](const std::string& name, double count, const char* of, double numbers) {
    add(name, count, of, numbers, 3 * numbers * size);
  });
  return needs;
}

double available_memory() {
  double available = 1024 * number_after("/proc/meminfo", "MemAvailable:");
  available += std::isfinite(available) ? 1024 * number_after("/proc/meminfo", "SwapFree:") : 0;
  // What a group has taken holds pages of files too, which it gives back.
  constexpr const char* taken = "/sys/fs/cgroup/memory.stat";
  const double group = number_alone("/sys/fs/cgroup/memory.max") -
                       number_alone("/sys/fs/cgroup/memory.current") + number_after(taken, "inactive_file") +
                       number_after(taken, "active_file");
  if (std::isfinite(group)) available = std::min(available, std::max(0.0, group));
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    const double mapped = 1024 * number_after("/proc/self/status", "VmSize:");
    available = std::min(available, std::max(0.0, static_cast<double>(limit.rlim_cur) - mapped));
  }
  return available;
}

void require_memory(const Experiment& experiment, std::int64_t points) {
  auto needs = memory_needs(experiment, points);
  const double available = available_memory();
  double sum = 0;
  for (const auto& need : needs) sum += need.bytes;
  if (sum <= available) return;
  std::sort(needs.begin(), needs.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  const auto& most = needs.front();
  // What is too much by itself must all become less.
  std::string keys = most.key;
  for (std::size_t i = 1; i < needs.size() && needs[i].bytes > available; ++i) keys += ", " + needs[i].key;
  fail(
      "{}: {} take {:.3g} GB of the {:.3g} GB that this configuration asks for at least, and {:.3g} GB are "
      "free; lower {}",
      most.key, most.what, most.bytes / gigabyte, sum / gigabyte, available / gigabyte, keys);
}

}  // namespace ebm
