#include "dualebm/framework/training/callbacks/metrics_file.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/output.hpp"

namespace ebm {
namespace {

std::string line_of(const Record& record) { return to_json(record).dump() + "\n"; }

std::string line_of(const Recovery& recovery) {
  return Json({{"recovery", to_json(recovery)}}).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Record record_of(const Json& line) {
  Record record;
  for (const auto& [key, value] : line.items()) {
    if (key == "iteration") {
      record.progress.iteration = value.get<std::int64_t>();
    } else if (key == "seconds") {
      record.progress.seconds = value.get<double>();
    } else if (key == "gradient_evaluations") {
      record.progress.gradient_evaluations = value.get<std::int64_t>();
    } else if (key == "cost") {
      record.progress.cost = {value.at("energies").get<std::int64_t>(),
                              value.at("point_gradients").get<std::int64_t>(),
                              value.at("parameter_gradients").get<std::int64_t>(),
                              value.at("double_gradients").get<std::int64_t>()};
    } else {
      record.metrics.emplace_back(key, value.get<double>());
    }
  }
  return record;
}

}  // namespace

Json to_json(const Record& record) {
  Json line = {{"iteration", record.progress.iteration},
               {"seconds", record.progress.seconds},
               {"gradient_evaluations", record.progress.gradient_evaluations}};
  const auto& cost = record.progress.cost;
  line["cost"] = {{"energies", cost.energies},
                  {"point_gradients", cost.point_gradients},
                  {"parameter_gradients", cost.parameter_gradients},
                  {"double_gradients", cost.double_gradients}};
  for (const auto& [name, value] : record.metrics) line[name] = value;
  return line;
}

Json to_json(const Recovery& recovery) {
  return {{"iteration", recovery.iteration},
          {"back_to", recovery.back_to},
          {"rate_factor", recovery.rate_factor},
          {"step_factor", recovery.step_factor},
          {"cause", recovery.cause}};
}

Recovery recovery_of(const Json& object) try {
  return {.iteration = object.at("iteration").get<std::int64_t>(),
          .back_to = object.at("back_to").get<std::int64_t>(),
          .rate_factor = object.at("rate_factor").get<double>(),
          .step_factor = object.at("step_factor").get<double>(),
          .cause = object.at("cause").get<std::string>()};
} catch (const nlohmann::json::exception&) {
  fail("recoveries: found {}, which tells of no recovery", object.dump());
}

MetricsFile::MetricsFile(const std::filesystem::path& path, const Training& training)
    : path_(path), training_(training) {}

void MetricsFile::write_all() const {
  std::string text;
  auto recovery = training_.recoveries().begin();
  const auto recoveries_before = [&](std::int64_t iteration) {
    for (; recovery != training_.recoveries().end() && recovery->back_to < iteration; ++recovery)
      text += line_of(*recovery);
  };
  for (const auto& record : training_.records()) {
    recoveries_before(record.progress.iteration);
    text += line_of(record);
  }
  recoveries_before(std::numeric_limits<std::int64_t>::max());
  write_atomically(path_, text);
}

void MetricsFile::on_start(const Progress&) {
  write_all();
  behind_ = !file_.open(path_);
}

void MetricsFile::on_record(const Record& record) {
  if (behind_) return;
  behind_ = !file_.add(line_of(record));
  if (behind_) note("{}: cannot be written; it will be made anew when the run ends\n", path_.string());
}

void MetricsFile::on_recovery(const Recovery&) {
  try {
    on_start({});
  } catch (const UserError& error) {
    behind_ = true;
    note("{}; it will be made anew when the run ends\n", error.what());
  }
}

void MetricsFile::on_end(const Progress&) { write_all(); }

std::vector<Record> read_records(const std::filesystem::path& path) {
  std::istringstream file(read_whole(path, std::numeric_limits<std::size_t>::max()));
  std::vector<Record> records;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (file.eof()) break;
    try {
      const auto parsed = Json::parse(line);
      if (!parsed.contains("recovery")) records.push_back(record_of(parsed));
    } catch (const Json::exception& error) {
      fail("{}:{}: not a line of metrics: {}", path.string(), number, error.what());
    }
  }
  return records;
}

}  // namespace ebm
