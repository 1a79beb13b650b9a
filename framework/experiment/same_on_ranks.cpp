#include "dualebm/framework/experiment/same_on_ranks.hpp"

#include <link.h>
#include <torch/version.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "dualebm/framework/base/fingerprint.hpp"
#include "dualebm/framework/compute/instruction_set.hpp"

namespace ebm {
namespace {

/// The program and every library that was linked to this one's, its own ones and plugins: those of the system
/// are told by their versions.
std::vector<std::string> own_modules() {
  std::vector<std::string> paths = {"/proc/self/exe"};
  ::dl_iterate_phdr(
      [](dl_phdr_info* module, std::size_t, void* found) {
        const std::string path = module->dlpi_name;
        const bool of_the_system = path.starts_with("/lib") || path.starts_with("/usr/lib");
        const bool is_file = path.find('/') != std::string::npos;
        const bool own = path.find("libdualebm_") != std::string::npos || !of_the_system;
        if (is_file && own) static_cast<std::vector<std::string>*>(found)->push_back(path);
        return 0;
      },
      &paths);
  return paths;
}

std::string program_fingerprint() {
  Fingerprint fingerprint;
  std::vector<char> bytes(1 << 20);
  for (const auto& path : own_modules()) {
    std::ifstream file(path, std::ios::binary);
    while (file) {
      file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      fingerprint.add(bytes.data(), static_cast<std::size_t>(file.gcount()));
    }
  }
  return fingerprint.text();
}

}  // namespace

void require_same_work(Communicator& ranks, const std::string& configuration) {
  if (ranks.size() == 1) return;
  require_same(ranks, "LibTorch", TORCH_VERSION);
  require_same(ranks, "program", program_fingerprint());
  require_same(ranks, "instruction set", std::to_string(static_cast<int>(instruction_set())));
  require_same(ranks, "configuration", configuration);
}

}  // namespace ebm
