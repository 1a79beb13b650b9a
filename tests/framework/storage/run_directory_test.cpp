#include "dualebm/framework/storage/run_directory.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A folder that holds a whole run and one file of the user's.
std::filesystem::path finished_run(const TemporaryFolder& folder) {
  std::filesystem::create_directory(folder / "run");
  for (const char* name :
       {"config.json", "metrics.jsonl", "checkpoint.ebm", "model.ebm", "report.html", "notes.txt"}) {
    folder.write(std::string("run/") + name, "{}");
  }
  folder.write("run/manifest.json", R"({"program": "dualebm 0.1.0", "status": "finished"})");
  return folder / "run";
}

TEST(RunDirectory, CreateMakesFoldersOnTheWay) {
  const TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "a" / "b", false);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a" / "b"));
  EXPECT_EQ(run.metrics(), folder / "a" / "b" / "metrics.jsonl");
}

TEST(RunDirectory, RefusesAFolderOfSomethingElseEvenByForce) {
  const TemporaryFolder folder;
  folder.write("thesis.tex", "years of work");
  folder.write("model.ebm", "someone's");
  for (const bool force : {false, true}) {
    expect_contains(user_error([&] { RunDirectory::create(folder.path(), force); }), folder.path().string());
  }
  EXPECT_EQ(read_file(folder / "thesis.tex"), "years of work");
  EXPECT_EQ(read_file(folder / "model.ebm"), "someone's");
}

TEST(RunDirectory, RefusesARunThatIsThere) {
  const TemporaryFolder folder;
  const auto path = finished_run(folder);
  try {
    RunDirectory::create(path, false);
    ADD_FAILURE() << "a run was taken over";
  } catch (const RunExists& error) {
    EXPECT_EQ(error.what(), path.string() + ": holds a run already (finished)");
  }
  EXPECT_TRUE(std::filesystem::exists(path / "model.ebm"));
}

TEST(RunDirectory, ForceRemovesTheFilesOfARunAndNoOthers) {
  const TemporaryFolder folder;
  const auto path = finished_run(folder);
  RunDirectory::create(path, true);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(path)) left.push_back(entry.path().filename());
  EXPECT_EQ(left, std::vector<std::string>{"notes.txt"});
}

TEST(RunDirectory, AFileInTheWayIsAnError) {
  const TemporaryFolder folder;
  const auto path = folder.write("file", "");
  expect_contains(user_error([&] { RunDirectory::create(path, true); }), path.string());
}

TEST(RunDirectory, OpenRefusesWhatIsNoRun) {
  const TemporaryFolder folder;
  expect_contains(user_error([&] { RunDirectory::open(folder.path()); }), "no config.json");
  expect_contains(user_error([&] { RunDirectory::open(folder / "missing"); }), (folder / "missing").string());
  EXPECT_FALSE(std::filesystem::exists(folder / "missing")) << "open must not make folders";
}

TEST(RunDirectory, StatusIsWhatTheManifestSays) {
  const TemporaryFolder folder;
  const auto run = RunDirectory::open(finished_run(folder));
  EXPECT_EQ(run.status(), "finished");
  write_json(run.manifest(), {{"status", "interrupted"}});
  EXPECT_EQ(run.status(), "interrupted");
  std::filesystem::remove(run.manifest());
  EXPECT_EQ(run.status(), "running");
}

TEST(RunDirectory, ManifestSaysWhatRan) {
  const auto manifest = program_manifest("cpu", 3);
  for (const char* key : {"program", "libtorch", "compiler", "started"})
    EXPECT_FALSE(manifest[key].empty()) << key;
  EXPECT_EQ(manifest["device"], "cpu");
  EXPECT_EQ(manifest["threads"], 3);
}

}  // namespace
}  // namespace ebm::testing
