#include "dualebm/framework/storage/run_directory.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

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
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(path)) left.insert(entry.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{"notes.txt", "run.lock"}));
}

TEST(RunDirectory, IsLockedForAsLongAsItIsHeld) {
  const TemporaryFolder folder;
  {
    const auto run = RunDirectory::create(folder / "run", false);
    for (const bool force : {false, true}) {
      try {
        RunDirectory::create(folder / "run", force);
        ADD_FAILURE() << "two have one run";
      } catch (const RunIsLive& error) {
        expect_contains(error.what(), fmt::format("process {} on ", ::getpid()));
      }
    }
    write_json(run.config(), {{"seed", 0}});
    EXPECT_THROW(RunDirectory::take_up(folder / "run"), RunIsLive);
    EXPECT_NO_THROW(RunDirectory::open(folder / "run")) << "looking needs no lock";
  }
  EXPECT_NO_THROW(RunDirectory::take_up(folder / "run"));
}

// What a kill leaves before a run has begun: the lock, perhaps empty, and a temporary file
// of a process that is gone.
TEST(RunDirectory, WhatAKillLeavesBeforeTheBeginningCountsAsNothing) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "run");
  for (const std::string& lock :
       {std::string(), std::string(35, '\0'), std::string("dualeb"), std::string("dua\0\0", 5)}) {
    folder.write("run/run.lock", lock);
    folder.write("run/.dualebm-999999999-0.tmp", "half a");
    RunDirectory::create(folder / "run", false);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run/.dualebm-999999999-0.tmp"));
  expect_contains(user_error([&] { RunDirectory::open(folder / "run"); }), "ended before it had begun");
  // With its configuration it has begun, though the manifest is not there yet.
  folder.write("run/config.json", "{}");
  EXPECT_THROW(RunDirectory::create(folder / "run", false), RunExists);
  EXPECT_NO_THROW(RunDirectory::take_up(folder / "run"));
  RunDirectory::create(folder / "run", true);
  EXPECT_FALSE(std::filesystem::exists(folder / "run/config.json"));
}

TEST(RunDirectory, ALockOfSomebodyElseIsNotTaken) {
  const TemporaryFolder folder;
  folder.write("run.lock", "of another program");
  expect_contains(user_error([&] { RunDirectory::create(folder.path(), true); }), "not a run");
  EXPECT_EQ(read_file(folder / "run.lock"), "of another program");
}

TEST(RunDirectory, AManifestOfAnotherKindIsNamed) {
  const TemporaryFolder folder;
  const auto run = RunDirectory::open(finished_run(folder));
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "expected an object"},
      {R"({"program": 3})", "program: expected a text, found 3"},
      {R"({"status": {}})", "status: expected a text"},
      {R"({"plugins": [1]})", "plugins: expected an array of texts"},
      {R"({"seconds": "x"})", "seconds: expected a number"},
      {R"({"data": {"train": "x"}})", "data.train"},
      {"{", "not valid JSON"}};
  for (const auto& [content, part] : cases) {
    folder.write("run/manifest.json", content);
    expect_contains(user_error([&] { run.read_manifest(); }), part);
  }
}

TEST(RunDirectory, ItsFilesAreNoOutputs) {
  const TemporaryFolder folder;
  const auto run = finished_run(folder);
  std::filesystem::create_directory_symlink(run, folder / "link");
  for (const auto& path : {run / "model.ebm", run / "." / "config.json", folder / "link" / "checkpoint.ebm",
                           run / ".." / "run" / "run.lock"}) {
    expect_contains(user_error([&] { require_no_file_of_a_run(path, "sample"); }), "is the run's own");
  }
  for (const auto& path : {run / "points.csv", run / "export.pt", folder / "model.ebm"})
    EXPECT_NO_THROW(require_no_file_of_a_run(path, "sample"));
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
