#pragma once

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <vector>

#include "dualebm/framework/compute/random.hpp"

namespace ebm::testing {

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

inline std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
  return fields;
}

/// A table of two correlated columns far from zero, with a label: a tenth of the rows lies elsewhere.
inline std::string table_of_people(int rows, bool anomalies) {
  std::string text = "height,weight,class\n";
  Random random(7, "table");
  const auto z = random.normal({rows, 2}, torch::kDouble);
  for (int i = 0; i < rows; ++i) {
    const bool strange = anomalies && i % 10 == 0;
    const double a = z[i][0].item<double>(), b = z[i][1].item<double>();
    text += fmt::format("{},{},{}\n", 170 + 10 * a, 70 + (strange ? -12 : 8) * a + 3 * b,
                        strange ? "fraud" : "fine");
  }
  return text;
}

}  // namespace ebm::testing
