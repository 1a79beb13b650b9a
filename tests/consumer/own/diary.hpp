#include <fstream>

#include <dualebm/framework/training/callback.hpp>
#include <dualebm/framework/training/progress.hpp>

/// Writes a line for each evaluation, and ends the run when the file cannot be written.
struct Diary final : ebm::Callback {
  struct Options {
    std::string file = "diary.txt";
    void describe(ebm::Fields& fields) { fields.path("file", file, "to write to"); }
  };
  Diary(const ebm::CallbackContext&, const Options& options) : file(options.file) {}
  void on_record(const ebm::Record& record) override {
    file << record.progress.iteration;
    for (const auto& [name, value] : record.metrics) file << ' ' << name << '=' << value;
    file << std::endl;
  }
  std::optional<ebm::StopReason> stop_reason() const override {
    if (file) return std::nullopt;
    return ebm::StopReason{.text = "the diary cannot be written"};
  }
  std::ofstream file;
};
