#include "dualebm/framework/compute/communicator.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/mpi_communicator.hpp"

namespace ebm {
namespace {

/// A number that a launcher has left in the environment; 0: it has not.
int number_in_environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* text = std::getenv(name)) return std::max(0, std::atoi(text));
  }
  return 0;
}

}  // namespace

void Alone::gather(const void* own, void* all, const std::vector<std::int64_t>& counts) {
  std::memcpy(all, own, static_cast<std::size_t>(counts.at(0)));
}

void Alone::gather_at_first(const void* own, void* all, const std::vector<std::int64_t>& counts) {
  gather(own, all, counts);
}

void Alone::end_all(int code) { std::_Exit(code); }

std::shared_ptr<Communicator> launched_ranks() {
  // Open MPI, MPICH and Intel MPI by themselves or below srun; PMIx below srun.
  int launched = number_in_environment({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"});
  if (launched == 0 && std::getenv("PMIX_RANK") != nullptr)
    launched = number_in_environment({"SLURM_NTASKS"});
  if (launched <= 1) return std::make_shared<Alone>();
  return make_mpi_communicator(launched);
}

int ranks_on_this_machine() {
  return std::max(1, number_in_environment({"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"}));
}

std::string broadcast_text(Communicator& ranks, const std::string& text) {
  auto size = static_cast<std::int64_t>(text.size());
  ranks.broadcast(&size, sizeof size);
  std::string first = text;
  first.resize(static_cast<std::size_t>(size));
  ranks.broadcast(first.data(), size);
  return first;
}

void require_same(Communicator& ranks, std::string_view what, const std::string& text) {
  if (ranks.size() == 1) return;
  const char differs = broadcast_text(ranks, text) != text;
  const auto size = static_cast<std::size_t>(ranks.size());
  std::vector<char> answers(size);
  ranks.gather(&differs, answers.data(), std::vector<std::int64_t>(size, 1));
  const auto first = std::find(answers.begin(), answers.end(), 1);
  require(first == answers.end(), "ranks: rank {} differs from rank 0 in its {}", first - answers.begin(),
          what);
}

}  // namespace ebm
