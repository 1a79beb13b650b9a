#include "dualebm/models/script_inspection.hpp"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string_view>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/export/tracing.hpp"
#include "dualebm/models/archive_checksums.hpp"

namespace ebm {
namespace {

/// Operators of the allowed kinds that reach beyond tensors.
constexpr std::string_view forbidden[] = {"aten::save",      "aten::from_file", "prim::PythonOp",
                                          "prim::rpc_async", "prim::rpc_sync",  "prim::rpc_remote",
                                          "prim::Print"};

/// Whether what LibTorch reads under a name is what was written there.
/// @param sums  by whole names: LibTorch leaves out the folder that they begin with
void require_whole(std::string_view content, const std::string& name,
                   const std::map<std::string, std::uint32_t>& sums, const std::string& path) {
  if (sums.empty()) return;
  const auto same = [&](const auto& entry) { return entry.first.substr(entry.first.find('/') + 1) == name; };
  const auto found = std::find_if(sums.begin(), sums.end(), same);
  require(found != sums.end() && found->second == zip_checksum(content),
          "{}: damaged: the checksum of {} in it is another", path, printable(name));
}

void require_harmless_reading(const std::string& path) {
  const auto sums = zip_checksums(read_whole(path, std::numeric_limits<std::size_t>::max()), path);
  caffe2::serialize::PyTorchStreamReader archive(path);
  require(archive.hasRecord("data.pkl") && !archive.hasRecord("model.json"),
          "{}: of a kind that LibTorch no longer writes; save it again with torch.jit.save", path);
  for (const auto& name : archive.getAllRecords()) {
    const auto [bytes, size] = archive.getRecord(name);
    const std::string_view code(static_cast<const char*>(bytes.get()), size);
    require_whole(code, name, sums, path);
    if (!name.ends_with(".py")) continue;
    require(code.find("__setstate__") == std::string_view::npos,
            "{}: refused: {} in it has a __setstate__, which would run when the file is read", path,
            printable(name));
  }
}

void inspect(const torch::jit::Block& block, const std::string& path) {
  for (const auto* node : block.nodes()) {
    const std::string kind = node->kind().toQualString();
    const bool known = kind.starts_with("aten::") || kind.starts_with("prim::");
    const bool reaches_out =
        std::find(std::begin(forbidden), std::end(forbidden), kind) != std::end(forbidden);
    require(known && !reaches_out, "{}: refused: its code calls {}, which an energy has no use for", path,
            printable(kind));
    for (const auto* inner : node->blocks()) inspect(*inner, path);
  }
}

/// Every function of the file, those of its classes too. Looking into one may bring in others.
void require_harmless_code(const torch::jit::Module& script, const std::string& path) {
  const auto unit = script._ivalue()->compilation_unit();
  for (std::size_t seen = 0; seen < unit->get_functions().size();) {
    const auto functions = unit->get_functions();
    for (; seen < functions.size(); ++seen) {
      const auto* function = torch::jit::tryToGraphFunction(*functions[seen]);
      require(function != nullptr, "{}: refused: it holds a function that is no TorchScript", path);
      inspect(*function->graph()->block(), path);
    }
  }
}

/// What LibTorch says of code takes several lines.
std::string on_one_line(std::string text) {
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    const auto end = text.find_first_not_of(" \n", at);
    text.replace(at, end == std::string::npos ? end : end - at, end == std::string::npos ? "" : "; ");
  }
  return text;
}

}  // namespace

torch::jit::Module read_inspected_script(const std::string& path) {
  require(std::filesystem::is_regular_file(path), "{}: no such file", path);
  try {
    require_harmless_reading(path);
    auto script = torch::jit::load(path, torch::kCPU);
    require_harmless_code(script, path);
    return script;
  } catch (const UserError&) {
    throw;
  } catch (const std::exception& error) {
    fail("{}: not a TorchScript file (torch.jit.save writes one, torch.save does not): {}", path,
         on_one_line(essence(error)));
  }
}

}  // namespace ebm
