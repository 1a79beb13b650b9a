#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/fields.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

/// The bytes of a .npy file, version 1.
std::string npy_of(const std::string& header, std::size_t bytes) {
  auto text = header + std::string(64 - (10 + header.size() + 1) % 64, ' ') + "\n";
  const auto size = text.size();
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(size & 0xff) + static_cast<char>(size >> 8) +
         text + std::string(bytes, '\0');
}

struct BadFile {
  std::string name, content;
  Json section;         ///< of the configuration, but for the path
  std::string message;  ///< in the one line
};

std::vector<BadFile> bad_files() {
  const Json csv = {{"name", "table_csv"}}, array = {{"name", "npy"}},
             script = {{"name", "script"}, {"trust", true}};
  return {
      {"quote.csv", "x0,x1\n1,2\n3,\"4\n5,6\n", csv, "quote.csv:3"},
      {"missing.csv", "x0,x1\n1,2\n3,\n", csv, "missing.csv:3"},
      {"text.csv", "x0,x1\n1,2\n3,four\n", csv, "text.csv:3"},
      {"wide.csv", "a,b,c\n1,2,3\n", csv, "domain.dimension"},
      {"objects.npy", npy_of("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }", 32), array,
       "objects.npy"},
      {"complex.npy", npy_of("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 2), }", 32), array,
       "complex numbers"},
      {"packed.csv", std::string("\xfd\x37zXZ\0...", 9), csv, "packed by xz"},
      {"short.npy", npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 2), }", 100), array,
       "short.npy"},
      {"none.npy", "not an array", array, "none.npy"},
      {"short.idx",
       std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02\x07\x07\x07", 19),
       {{"name", "idx"}},
       "short.idx"},
      {"none.pt", "not a script", script, "none.pt: not a TorchScript file"},
  };
}

// Whatever file is given, the program says in one line of stderr what is wrong with it, ends with 2, and
// leaves no folder behind.
TEST(BadFiles, EndInOneLineAndNothingIsWritten) {
  const TemporaryFolder folder;
  for (const auto& bad : bad_files()) {
    SCOPED_TRACE(bad.name);
    auto section = bad.section;
    const auto path = folder.write(bad.name, bad.content).string();
    section[section["name"] == "idx" ? "images" : "path"] = path;
    Json configuration = {{"domain", {{"name", "euclidean"}, {"dimension", 2}}},
                          {"dataset", {{"name", "toy"}, {"train", 10}, {"test", 10}}},
                          {"energy", {{"name", "mlp"}}},
                          {"optimizer", {{"name", "adam"}}}};
    configuration[section["name"] == "script" ? "energy" : "dataset"] = section;
    const auto config = folder.write("c.json", configuration.dump()).string();
    expect_user_error(run_program({"train", config, "--out", (folder / "run").string()}), bad.message);
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  }
}

}  // namespace
}  // namespace ebm::testing
