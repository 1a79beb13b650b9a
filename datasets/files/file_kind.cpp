#include "dualebm/datasets/files/file_kind.hpp"

#include <fstream>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

struct Kind {
  std::string_view start;
  const char* what;    ///< "{name}: ..."
  const char* advice;  ///< FILE stands for the name
};

/// Packed or of another program: nothing here reads them.
constexpr Kind archives[] = {
    {{"\xfd"
      "7zXZ\0",
      6},
     "packed by xz",
     "unpack it: xz -dk FILE"},
    {"BZh", "packed by bzip2", "unpack it: bzip2 -dk FILE"},
    {"\x28\xb5\x2f\xfd", "packed by zstd", "unpack it: zstd -d FILE"},
    {"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: 7z x FILE"},
    {"Rar!\x1a\x07", "a RAR archive", "unpack it"},
    {"PAR1", "a Parquet file",
     "save it as CSV: pandas.read_parquet(\"FILE\").to_csv(\"table.csv\", index=False)"},
    {"ARROW1", "an Arrow file",
     "save it as CSV: pandas.read_feather(\"FILE\").to_csv(\"table.csv\", index=False)"},
    {"\x89HDF\r\n\x1a\n", "an HDF5 file",
     "save its array as .npy: numpy.save(\"points.npy\", h5py.File(\"FILE\")[NAME][:])"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook (.xls)", "save it as CSV"},
    {{"SQLite format 3\0", 16}, "an SQLite database", "save a table of it as CSV"},
    {"%PDF-", "a PDF", "a table of text is needed"},
    {"\x89PNG", "a PNG picture", "a table or an array of numbers is needed"},
    {"\xff\xd8\xff", "a JPEG picture", "a table or an array of numbers is needed"},
    {"MATLAB 5.0 MAT-file", "a MATLAB file", "save its array as CSV or .npy"},
    {"version https://git-lfs", "a pointer of Git LFS and not the file itself", "fetch it: git lfs pull"},
};

bool starts_as(std::string_view bytes, std::string_view word) {
  const auto begin = bytes.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || bytes.size() - begin < word.size()) return false;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char letter = bytes[begin + at];
    if ((letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter) != word[at]) return false;
  }
  return true;
}

std::string with_name(std::string text, const std::string& name) {
  if (const auto at = text.find("FILE"); at != std::string::npos) text.replace(at, 4, name);
  return text;
}

/// A zip, by what is in it.
void refuse_zip(std::string_view bytes, const std::string& name) {
  constexpr std::size_t looked_at = 4096;
  const auto start = bytes.substr(0, looked_at);
  const auto has = [&](std::string_view word) { return start.find(word) != std::string_view::npos; };
  if (has("xl/") || has("[Content_Types].xml")) fail("{}: a workbook (.xlsx); save its sheet as CSV", name);
  if (has(".npy")) fail("{}: arrays of NumPy (.npz); set dataset.name=npy", name);
  fail("{}: a zip archive; unpack it: unzip {}", name, name);
}

}  // namespace

void require_no_archive(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with("PK\x03\x04")) refuse_zip(bytes, name);
  for (const auto& kind : archives) {
    if (bytes.starts_with(kind.start)) fail("{}: {}; {}", name, kind.what, with_name(kind.advice, name));
  }
  if (starts_as(bytes, "<!doctype html") || starts_as(bytes, "<html"))
    fail("{}: a page of the web and not the file itself; download it again", name);
}

void require_text(std::string_view bytes, const std::string& name) {
  require_no_archive(bytes, name);
  require(!bytes.starts_with("\x93NUMPY"), "{}: an array of NumPy (.npy); set dataset.name=npy", name);
  const bool idx = bytes.size() > 3 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 8 && bytes[2] <= 14 &&
                   bytes[3] > 0 && bytes[3] < 5;
  require(!idx, "{}: an IDX file; set dataset.name=idx", name);
  require(!starts_as(bytes, "{\"") && !starts_as(bytes, "[{") && !starts_as(bytes, "{\n"),
          "{}: JSON; save it as a table of CSV", name);
  require(!starts_as(bytes, "<?xml"), "{}: XML; save it as a table of CSV", name);
}

void require_plain_file(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto type = fs::status(path, error).type();
  require(type != fs::file_type::directory, "{}: a folder; give a file in it", path.string());
  require(type != fs::file_type::fifo && type != fs::file_type::socket,
          "{}: a pipe; a file is read more than once: save it first", path.string());
  require(type != fs::file_type::character && type != fs::file_type::block,
          "{}: a device and no file of data", path.string());
  require(type == fs::file_type::regular && std::ifstream(path).good(), "{}: cannot be opened for reading",
          path.string());
}

}  // namespace ebm
