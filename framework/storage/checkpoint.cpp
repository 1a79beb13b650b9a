#include "dualebm/framework/storage/checkpoint.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <typeinfo>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"

namespace ebm {
namespace {

constexpr const char* magic = "dualebm-archive-1";

/// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78.
std::uint32_t checksum(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78U : 0U);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (crc >> 8);
  return ~crc;
}

/// Runs a load; what LibTorch has to say about a mismatch becomes one line that names the file.
template <class Load>
auto explained(const std::filesystem::path& path, Load load) {
  try {
    return load();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    fail("{}: does not fit this configuration: {}", path.string(), message.substr(0, message.find('\n')));
  } catch (const UserError& error) {
    fail("{}: does not fit this configuration: {}", path.string(), error.what());
  }
}

/// Loads a module. LibTorch gives a live tensor whatever shape the archive holds, so the shapes are
/// compared.
void load_checked(torch::serialize::InputArchive& archive, torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  struct Before {
    std::string name;
    torch::Tensor live, old;
  };
  std::vector<Before> tensors;
  const auto note = [&](const auto& items) {
    for (const auto& item : items) tensors.push_back({item.key(), item.value(), item.value().detach()});
  };
  note(module.named_parameters());
  note(module.named_buffers());
  module.load(archive);
  std::string mismatch;
  for (auto& [name, live, old] : tensors) {
    if (live.sizes() == old.sizes()) continue;
    mismatch = fmt::format("\"{}\" has {} numbers instead of {}", name, live.numel(), old.numel());
    live.set_(old);
  }
  require(mismatch.empty(), "{}", mismatch);
}

torch::Device device_of(const torch::nn::Module& module) {
  const auto parameters = module.parameters();
  return parameters.empty() ? torch::Device(torch::kCPU) : parameters.front().device();
}

}  // namespace

void write_archive(const std::filesystem::path& path, torch::serialize::OutputArchive& archive) {
  std::ostringstream stream;
  archive.save_to(stream);
  const auto payload = stream.str();
  write_atomically(path, fmt::format("{} {} {:08x}\n", magic, payload.size(), checksum(payload)) + payload);
}

void read_archive(const std::filesystem::path& path, torch::serialize::InputArchive& archive,
                  torch::Device device) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "{}: cannot be opened for reading", path.string());
  std::string header;
  std::getline(file, header);
  std::istringstream words(header);
  std::string found_magic, found_checksum;
  std::size_t size = 0;
  words >> found_magic >> size >> found_checksum;
  require(found_magic == magic, "{}: not an archive of this program (it does not begin with \"{}\")",
          path.string(), magic);
  std::ostringstream content;
  content << file.rdbuf();
  const auto payload = content.str();
  require(payload.size() == size, "{}: cut short or extended: {} bytes of {}", path.string(), payload.size(),
          size);
  const auto actual = fmt::format("{:08x}", checksum(payload));
  require(actual == found_checksum, "{}: damaged: checksum {} instead of {}", path.string(), actual,
          found_checksum);
  std::istringstream stream(payload);
  archive.load_from(stream, device);
}

void save_module(const std::filesystem::path& path, const torch::nn::Module& module) {
  torch::serialize::OutputArchive archive;
  module.save(archive);
  write_archive(path, archive);
}

void load_module(const std::filesystem::path& path, torch::nn::Module& module) {
  torch::serialize::InputArchive archive;
  read_archive(path, archive, device_of(module));
  explained(path, [&] { load_checked(archive, module); });
}

void load_energy_of_checkpoint(const std::filesystem::path& path, Energy& energy) {
  torch::serialize::InputArchive archive, part, trainer, average;
  read_archive(path, archive, device_of(energy));
  explained(path, [&] {
    archive.read("energy", part);
    load_checked(part, energy);
    archive.read("trainer", trainer);
    if (!trainer.try_read("average", average)) return;
    ParameterAverage averaged(energy, /*decay=*/0);
    averaged.load(average);
    averaged.write_to(energy);
  });
}

void save_checkpoint(const std::filesystem::path& path, const TrainingState& state,
                     const Progress& progress) {
  torch::serialize::OutputArchive archive, energy, optimizer, trainer;
  state.energy.save(energy);
  state.optimizer.save(optimizer);
  state.trainer.save(trainer);
  archive.write("energy", energy);
  archive.write("optimizer_kind", torch::IValue(std::string(typeid(state.optimizer).name())));
  archive.write("optimizer", optimizer);
  archive.write("trainer", trainer);
  archive.write("batches", state.batches.state(), /*is_buffer=*/true);
  archive.write("iteration", torch::IValue(progress.iteration));
  archive.write("gradient_evaluations", torch::IValue(progress.gradient_evaluations));
  archive.write("seconds", torch::IValue(progress.seconds));
  write_archive(path, archive);
}

Progress load_checkpoint(const std::filesystem::path& path, const TrainingState& state) {
  torch::serialize::InputArchive archive, energy, optimizer, trainer;
  read_archive(path, archive, device_of(state.energy));
  return explained(path, [&] {
    torch::IValue kind;
    archive.read("optimizer_kind", kind);
    require(kind.toStringRef() == typeid(state.optimizer).name(), "it is of another optimizer");
    archive.read("energy", energy);
    archive.read("optimizer", optimizer);
    archive.read("trainer", trainer);
    load_checked(energy, state.energy);
    state.optimizer.load(optimizer);
    state.trainer.load(trainer);
    torch::Tensor batches;
    archive.read("batches", batches, /*is_buffer=*/true);
    state.batches.set_state(batches.cpu());
    torch::IValue iteration, gradient_evaluations, seconds;
    archive.read("iteration", iteration);
    archive.read("gradient_evaluations", gradient_evaluations);
    archive.read("seconds", seconds);
    return Progress{iteration.toInt(), gradient_evaluations.toInt(), seconds.toDouble()};
  });
}

}  // namespace ebm
