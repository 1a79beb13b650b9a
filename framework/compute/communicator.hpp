#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

/// What the ranks of one run say to one another: processes that hold the same parameters and each a part of
/// the particles, see RankRows. Verbs but `rank`, `size` and `end_all` are collective: every rank calls them,
/// in the same order. Called by one thread of a rank.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;  ///< from 0; 0 is the one that writes and prints
  virtual int size() const = 0;  ///< how many there are

  /// The bytes of rank 0, in place. @param count  the same on every rank
  virtual void broadcast(void* bytes, std::int64_t count) = 0;
  /// The bytes of all ranks, one rank after the other, for everyone.
  /// @param own  counts[rank] bytes @param all  as many as all counts together
  virtual void gather(const void* own, void* all, const std::vector<std::int64_t>& counts) = 0;
  /// The same for rank 0 alone; of the others `all` may be null.
  virtual void gather_at_first(const void* own, void* all, const std::vector<std::int64_t>& counts) = 0;
  virtual void barrier() = 0;  ///< returns when every rank has come here

  /// Ends this rank and all others, for an error that perhaps no other knows of.
  [[noreturn]] virtual void end_all(int code) = 0;

  bool is_first() const { return rank() == 0; }  ///< whether it is the one that writes and prints

  /// Seconds that a verb waits for another rank before it ends all of them; default 300.
  void set_patience(double seconds) { patience_ = seconds; }
  double patience() const { return patience_; }  ///< likewise

 private:
  double patience_ = 300;
};

/// The one rank of a program that was started alone.
class Alone final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void broadcast(void*, std::int64_t) override {}
  void gather(const void* own, void* all, const std::vector<std::int64_t>& counts) override;
  void gather_at_first(const void* own, void* all, const std::vector<std::int64_t>& counts) override;
  void barrier() override {}
  [[noreturn]] void end_all(int code) override;
};

/// The ranks that a launcher of MPI (mpirun, srun) has started, this process among them; `Alone` without one.
/// @throws UserError if there is a launcher and this program was built without MPI, or with another one
std::shared_ptr<Communicator> launched_ranks();

/// How many of the launcher's ranks are on this machine, at least 1.
int ranks_on_this_machine();

/// The text of rank 0 on every rank.
std::string broadcast_text(Communicator& ranks, const std::string& text);

/// Refuses ranks that differ: in their configuration, data, program.
/// @param what  of a rank, for the message @throws UserError, on all ranks the same
void require_same(Communicator& ranks, std::string_view what, const std::string& text);

}  // namespace ebm
