#include "dualebm/framework/compute/mpi_communicator.hpp"

#include "dualebm/framework/base/error.hpp"

#ifdef EBM_WITH_MPI

// The interface of C alone: classes of C++ that MPI once had are in libraries of their own.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "dualebm/framework/base/output.hpp"

namespace ebm {
namespace {

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiCommunicator() override { MPI_Finalize(); }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void broadcast(void* bytes, std::int64_t count) override {
    for (auto* begin = static_cast<char*>(bytes); count > 0; begin += most_bytes, count -= most_bytes) {
      MPI_Request request;
      MPI_Ibcast(begin, static_cast<int>(std::min(count, most_bytes)), MPI_BYTE, 0, MPI_COMM_WORLD, &request);
      wait_for(request);
    }
  }

  void gather(const void* own, void* all, const std::vector<std::int64_t>& counts) override {
    in_pieces(
        counts,
        [&](const std::vector<int>& sizes, const std::vector<int>& places, char* piece, std::int64_t done) {
          MPI_Request request;
          MPI_Iallgatherv(static_cast<const char*>(own) + done, sizes[at(rank_)], MPI_BYTE, piece,
                          sizes.data(), places.data(), MPI_BYTE, MPI_COMM_WORLD, &request);
          wait_for(request);
        },
        all);
  }

  void gather_at_first(const void* own, void* all, const std::vector<std::int64_t>& counts) override {
    in_pieces(
        counts,
        [&](const std::vector<int>& sizes, const std::vector<int>& places, char* piece, std::int64_t done) {
          MPI_Request request;
          MPI_Igatherv(static_cast<const char*>(own) + done, sizes[at(rank_)], MPI_BYTE, piece, sizes.data(),
                       places.data(), MPI_BYTE, 0, MPI_COMM_WORLD, &request);
          wait_for(request);
        },
        is_first() ? all : nullptr);
  }

  void barrier() override {
    MPI_Request request;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    wait_for(request);
  }

  [[noreturn]] void end_all(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::_Exit(code);
  }

 private:
  static constexpr std::int64_t most_bytes = std::int64_t{1} << 30;  // MPI counts by int

  static std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

  /// Calls exchange for as many bytes of each rank at a time as MPI can count. One piece goes to its place at
  /// once; several go through memory of their own.
  template <class Exchange>
  void in_pieces(const std::vector<std::int64_t>& counts, Exchange exchange, void* all) const {
    const auto most = std::min(most_bytes, std::int64_t{INT_MAX} / size_);
    const auto largest = *std::max_element(counts.begin(), counts.end());
    std::vector<int> sizes(counts.size()), places(counts.size());
    std::vector<char> memory;
    for (std::int64_t done = 0; done < largest; done += most) {
      int place = 0;
      for (std::size_t r = 0; r < counts.size(); ++r) {
        sizes[r] = static_cast<int>(std::clamp<std::int64_t>(counts[r] - done, 0, most));
        places[r] = place;
        place += sizes[r];
      }
      if (largest <= most) return exchange(sizes, places, static_cast<char*>(all), 0);
      memory.resize(static_cast<std::size_t>(place));
      exchange(sizes, places, memory.data(), std::min(done, counts[at(rank_)]));
      if (!all) continue;
      std::int64_t begin = 0;
      for (std::size_t r = 0; r < counts.size(); begin += counts[r++]) {
        std::memcpy(static_cast<char*>(all) + begin + std::min(done, counts[r]), memory.data() + places[r],
                    static_cast<std::size_t>(sizes[r]));
      }
    }
  }

  /// Awake for some microseconds, then leaving the core to others between looks.
  void wait_for(MPI_Request& request) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    // The rank with the lowest number speaks first, and ends those that would.
    const std::chrono::duration<double> most(patience() + rank_);
    for (std::int64_t looks = 1;; ++looks) {
      int done = 0;
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done) return;
      if (looks < 2000) continue;
      ::sched_yield();
      if (looks % 256 != 0 || Clock::now() - start < most) continue;
      mute_output(false);
      note(
          "dualebm: rank {} of {} has waited {:g} s for another, which was killed, stopped or cut off, or "
          "is slow; all ranks end (train --resume goes on from the last checkpoint; --rank-timeout waits "
          "longer)\n",
          rank_, size_, patience());
      end_all(1);
    }
  }

  int rank_ = 0, size_ = 1;
};

}  // namespace

std::shared_ptr<Communicator> make_mpi_communicator(int launched) {
  auto ranks = std::make_shared<MpiCommunicator>();
  require(
      ranks->size() == launched,
      "ranks: the launcher has started {} processes, and the MPI of this program sees {}; take the mpirun of "
      "the MPI that it was built with",
      launched, ranks->size());
  return ranks;
}

}  // namespace ebm

#else

#include <chrono>
#include <cstdlib>
#include <thread>

namespace ebm {

std::shared_ptr<Communicator> make_mpi_communicator(int launched) {
  // The first says it, and the launcher ends the others.
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"}) {
    const char* rank = std::getenv(name);
    if (rank != nullptr && std::atoi(rank) > 0) std::this_thread::sleep_for(std::chrono::seconds(2));
  }
  fail(
      "ranks: {} processes were started, and this program was built without MPI (cmake -DDUALEBM_MPI=ON); "
      "start one",
      launched);
}

}  // namespace ebm

#endif
