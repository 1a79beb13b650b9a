#include "dualebm/datasets/files/csv_reader.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

bool is_blank(char character) { return character == ' ' || character == '\t' || character == '\r'; }

std::optional<double> finite_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

double csv_number(const std::string& text, const std::string& column, const std::string& place) {
  const auto value = finite_number(text);
  require(value.has_value(), "{}: {} is not a finite number: \"{}\"", place, printable(column),
          printable(text));
  return *value;
}

CsvReader::CsvReader(std::filesystem::path path, std::string text, bool header)
    : path_(std::move(path)), text_(std::move(text)), named_(header) {
  if (text_.starts_with("\xef\xbb\xbf")) position_ = 3;  // the byte order mark of UTF-8
  require(read_row() && !blank_, "{}: empty; {} are expected", path_.string(),
          named_ ? "a header line and rows" : "rows");
  if (named_) {
    header_ = fields_;
    return;
  }
  for (std::size_t column = 0; column < fields_.size(); ++column)
    header_.push_back(fmt::format("x{}", column));
  pending_ = true;
}

bool CsvReader::next() {
  if (pending_) return !(pending_ = false);
  if (!read_row()) return false;
  require(fields_.size() == header_.size() && (!blank_ || header_.size() == 1),
          "{}:{}: {} fields, but the {} has {}", path_.string(), row_line_, blank_ ? 0 : fields_.size(),
          named_ ? "header" : "first row", header_.size());
  return true;
}

double CsvReader::number(std::size_t column) const {
  // This is called for every number of a file: a place is put together only where something is wrong.
  if (const auto value = finite_number(fields_[column])) return *value;
  return csv_number(fields_[column], header_[column], fmt::format("{}:{}", path_.string(), row_line_));
}

bool CsvReader::read_row() {
  if (position_ >= text_.size()) return false;
  row_line_ = line_;
  const auto begin = position_;
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    if (count == fields_.size()) fields_.emplace_back();
    more = read_field(fields_[count]);
  }
  fields_.resize(count);
  const auto row = std::string_view(text_).substr(begin, position_ - begin);
  blank_ = count == 1 && fields_[0].empty() && row.find('"') == std::string_view::npos;
  return true;
}

/// @return whether a comma follows, and with it another field of the row
bool CsvReader::read_field(std::string& field) {
  field.clear();
  skip_blanks();
  if (position_ < text_.size() && text_[position_] == '"') {
    read_quoted(field);
  } else {
    const auto begin = position_;
    for (; position_ < text_.size() && text_[position_] != ',' && text_[position_] != '\n'; ++position_) {
      require(text_[position_] != '"', "{}:{}: a quote inside a field that does not begin with one",
              path_.string(), line_);
    }
    auto end = position_;
    while (end > begin && is_blank(text_[end - 1])) --end;
    field.assign(text_, begin, end - begin);
  }
  if (position_ == text_.size()) return false;
  if (text_[position_++] == ',') return true;
  ++line_;
  return false;
}

void CsvReader::read_quoted(std::string& field) {
  const auto opened = line_;
  for (++position_;; ++position_) {
    require(position_ < text_.size(), "{}:{}: the quote that opens here is never closed", path_.string(),
            opened);
    if (text_[position_] == '"') {
      const bool doubled = position_ + 1 < text_.size() && text_[position_ + 1] == '"';
      if (!doubled) break;
      ++position_;
    }
    if (text_[position_] == '\n') ++line_;
    field += text_[position_];
  }
  ++position_;
  skip_blanks();
  require(position_ == text_.size() || text_[position_] == ',' || text_[position_] == '\n',
          "{}:{}: after a closing quote a comma or the end of the line is expected, found \"{}\"",
          path_.string(), line_, printable(std::string_view(text_).substr(position_, 1)));
}

void CsvReader::skip_blanks() {
  while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
}

}  // namespace ebm
