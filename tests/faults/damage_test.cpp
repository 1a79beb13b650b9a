#include <torch/optim/adam.h>

#include <nlohmann/json.hpp>
#include <random>

#include "dualebm/framework/experiment/experiment.hpp"
#include "dualebm/framework/export/torchscript.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/storage/run_directory.hpp"
#include "dualebm/framework/storage/safetensors.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/script.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/npy.hpp"
#include "tests/support/support.hpp"
#include "tests/support/zip.hpp"

namespace ebm::testing {
namespace {

/// Damage as disks, transfers and hands do it; the same for the same seed.
std::string damaged(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? std::size_t{0} : random() % bound; };
  const auto at = below(bytes.size());
  switch (random() % 8) {
    case 0:  // cut short
      return bytes.substr(0, at);
    case 1:  // a bit
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      return bytes;
    case 2:  // some bytes
      for (int i = 0; i < 20 && !bytes.empty(); ++i) bytes[below(bytes.size())] = static_cast<char>(random());
      return bytes;
    case 3:  // a block of zeros, as a journal leaves it
      for (auto i = at; i < std::min(bytes.size(), at + 512); ++i) bytes[i] = '\0';
      return bytes;
    case 4:  // a piece missing
      return bytes.erase(at, 1 + below(64));
    case 5:  // a piece twice
      return bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(64)));
    case 6:  // something behind it
      return bytes + bytes.substr(at);
    default:  // a digit for another: what hands do
      for (auto i = at; i < bytes.size(); ++i) {
        if (bytes[i] < '0' || bytes[i] > '9') continue;
        bytes[i] = "0123456789-.e"[random() % 13];
        break;
      }
      return bytes;
  }
}

/// How many of the damaged files were read as if nothing were wrong.
struct Outcome {
  int refused = 0, read = 0;
};

/// Writes `count` damaged copies and reads each: nothing but a UserError in one line may come of it.
template <class Read>
Outcome read_damaged(const std::filesystem::path& path, int count, Read read) {
  const auto whole = read_file(path);
  std::mt19937 random(static_cast<unsigned>(whole.size()));
  Outcome outcome;
  for (int i = 0; i < count; ++i) {
    auto bytes = damaged(whole, random);
    if (bytes == whole) bytes.pop_back();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    try {
      read();
      ++outcome.read;
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      ++outcome.refused;
    } catch (const std::exception& error) {
      ADD_FAILURE() << path << ", damage " << i << ": " << typeid(error).name() << ": " << error.what();
      std::filesystem::copy_file(path, "/tmp/dualebm-damage",
                                 std::filesystem::copy_options::overwrite_existing);
      break;
    }
  }
  EXPECT_EQ(outcome.refused + outcome.read, count);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << whole;
  std::printf("%-22s %5d damaged, %5d refused\n", path.filename().c_str(), count, outcome.refused);
  return outcome;
}

struct SmallTraining {
  std::shared_ptr<Gaussian> energy =
      std::make_shared<Gaussian>(on_euclidean(2, torch::kFloat), Gaussian::Options{});
  std::shared_ptr<const Problem> problem = std::make_shared<Problem>(
      std::make_shared<Euclidean>(2), Dataset{.train = Random(1, "damage").normal({20, 2}, torch::kFloat)});
  Training training{
      std::make_shared<DualGda>(
          TrainerContext{
              .energy = energy, .problem = problem, .random = std::make_shared<Random>(1, "noise")},
          ParticleOptions{}),
      std::make_shared<torch::optim::Adam>(energy->parameters(), torch::optim::AdamOptions(0.1)),
      {.average_decay = 0.5}};
};

// A state has a checksum: no damage at all goes unseen, and a load that is refused
// leaves the training as it was.
TEST(DamagedFiles, StatesAreRefused) {
  const TemporaryFolder folder;
  SmallTraining run, reader;
  fit(run.training, {.iterations = 5});
  save_checkpoint(folder / "checkpoint.ebm", run.training, {.run = "a", .configuration = "{}"});
  save_module(folder / "model.ebm", *run.energy);
  const auto before = reader.energy->parameters()[0].clone();
  EXPECT_EQ(read_damaged(folder / "checkpoint.ebm", 1500,
                         [&] {
                           load_checkpoint(folder / "checkpoint.ebm", reader.training,
                                           {.run = "a", .configuration = "{}"});
                         })
                .read,
            0);
  EXPECT_EQ(
      read_damaged(folder / "model.ebm", 700, [&] { load_module(folder / "model.ebm", *reader.energy); })
          .read,
      0);
  EXPECT_TRUE(torch::equal(reader.energy->parameters()[0], before));
}

// The same behind a checksum that fits, as somebody might make it.
TEST(DamagedFiles, AStateThatOnlyLooksWholeIsRefusedOrFits) {
  const TemporaryFolder folder;
  SmallTraining run;
  fit(run.training, {.iterations = 5});
  const auto state = run.training.save();
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    State other;
    const auto place = random() % state.values().size();
    std::size_t at = 0;
    for (const auto& [name, value] : state.values()) {
      const bool hit = at++ == place;
      if (hit && random() % 4 == 0) continue;
      if (hit && random() % 2 == 0) {
        other.write(name, torch::zeros({static_cast<std::int64_t>(random() % 5), 3}, torch::kHalf));
      } else if (hit) {
        other.write(name, std::string("text"));
      } else {
        std::visit([&, &key = name](const auto& held) { other.write(key, held); }, value);
      }
    }
    SmallTraining reader;
    try {
      reader.training.load(other);
    } catch (const UserError&) {
      EXPECT_EQ(reader.training.progress().iteration, 0);
    } catch (const c10::Error&) {
      EXPECT_EQ(reader.training.progress().iteration, 0);
    }
  }
}

TEST(DamagedFiles, OfTheFolderOfARun) {
  const TemporaryFolder folder;
  const Json configuration = {{"domain", {{"name", "euclidean"}}},
                              {"dataset", {{"name", "toy"}, {"train", 100}}},
                              {"energy", {{"name", "mlp"}, {"hidden", {8, 8}}}},
                              {"trainer", {{"name", "dual_gda"}}},
                              {"optimizer", {{"name", "adam"}}}};
  write_json(folder / "config.json", read_experiment(configuration, catalogue()).resolved);
  read_damaged(folder / "config.json", 500, [&] {
    read_experiment(load_configuration((folder / "config.json").string(), {}), catalogue());
  });
  auto manifest = program_manifest("cpu", 2);
  manifest.update({{"run", "a1"}, {"status", "finished"}, {"data", {{"train", 3}, {"fingerprint", "ab"}}}});
  write_json(folder / "manifest.json", manifest);
  const auto run = RunDirectory::open(folder.path());
  read_damaged(folder / "manifest.json", 500, [&] {
    run.status();
    run.is_ours();
  });
  std::string lines;
  for (int i = 0; i < 20; ++i)
    lines += to_json(Record{.progress = {.iteration = i}, .metrics = {{"kl", 0.1 * i}}}).dump() + "\n";
  folder.write("metrics.jsonl", lines);
  read_damaged(folder / "metrics.jsonl", 400, [&] { read_records(folder / "metrics.jsonl"); });
}

TEST(DamagedFiles, OfData) {
  const TemporaryFolder folder;
  std::string csv = "x0,x1\n";
  std::vector<double> numbers;
  for (int i = 0; i < 60; ++i) {
    numbers.insert(numbers.end(), {std::sin(i), std::cos(3 * i)});
    csv += fmt::format("{},{}\n", std::sin(i), std::cos(3 * i));
  }
  const auto array = npy(dictionary("<f8", "(60, 2)"), raw(numbers));
  folder.write("points.csv", csv);
  folder.write("points.csv.gz", gzip(csv));
  folder.write("points.npy", array);
  folder.write("points.npz", zip({{.name = "arr_0.npy", .content = array, .deflated = true}}, false));
  std::string images("\0\0\x08\x03\0\0\0\x10\0\0\0\x02\0\0\0\x02", 16);
  for (int i = 0; i < 64; ++i) images += static_cast<char>(i);
  folder.write("images.idx", images);
  const std::tuple<const char*, const char*, const char*, int> cases[] = {
      {"points.csv", "table_csv", "path", 300},
      {"points.csv.gz", "table_csv", "path", 200},
      {"points.npy", "npy", "path", 300},
      {"points.npz", "npy", "path", 200},
      {"images.idx", "idx", "images", 200}};
  for (const auto& [file, reader, key, count] : cases) {
    const auto choice =
        catalogue().datasets.read({{"name", reader}, {key, (folder / file).string()}}, "dataset");
    const auto domain = std::make_shared<Euclidean>(reader == std::string("idx") ? 4 : 2);
    const auto outcome = read_damaged(folder / file, count, [&] {
      Random random(0, "data");
      choice.make({domain, nullptr, random});
    });
    EXPECT_GT(outcome.refused, count / 10) << file;
  }
}

TEST(DamagedFiles, ForPython) {
  const TemporaryFolder folder;
  Gaussian energy(on_euclidean(2, torch::kFloat), Gaussian::Options{});
  std::ofstream(folder / "weights.safetensors", std::ios::binary) << to_bytes(
      {.tensors = {{"mean", torch::zeros({2})}, {"width", torch::ones({2, 3})}}, .metadata = {{"a", "b"}}});
  read_damaged(folder / "weights.safetensors", 600,
               [&] { read_safetensors(folder / "weights.safetensors"); });
  const auto domain = std::make_shared<Euclidean>(2);
  const auto path = (folder / "export.pt").string();
  export_torchscript(path, {.energy = energy, .domain = *domain});
  read_damaged(path, 200, [&] {
    Random random(0, "script");
    Script(EnergyContext{domain, torch::TensorOptions(torch::kFloat), random}, {.path = path, .trust = true});
  });
}

}  // namespace
}  // namespace ebm::testing
