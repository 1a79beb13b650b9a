#include "dualebm/datasets/files/csv_reader.hpp"

#include <algorithm>

#include "dualebm/datasets/files/file_kind.hpp"
#include "dualebm/datasets/files/text_encoding.hpp"
#include "dualebm/datasets/files/text_number.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// R writes a header without a name for the column of row names, which are 1, 2, 3, ... or texts.
bool has_row_names(const std::vector<std::vector<std::string>>& rows, std::size_t names) {
  bool counting = true, texts = true;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].size() != names + 1) return false;
    counting = counting && rows[row][0] == std::to_string(row + 1);
    texts = texts && !number_of(rows[row][0]) && !is_missing(rows[row][0]);
  }
  return rows.size() > 1 && names > 1 && (counting || texts);
}

}  // namespace

double csv_number(const std::string& text, const std::string& column, const std::string& place,
                  bool decimal_comma) {
  if (const auto value = number_of(text, decimal_comma)) return *value;
  const bool other = number_of(text, !decimal_comma).has_value();
  fail("{}: {} is not a finite number{}: \"{}\"{}", place, printable(column),
       decimal_comma ? " with a decimal comma" : "", printable(text),
       !other          ? ""
       : decimal_comma ? "; if the file has decimal points, set dataset.decimal=point"
                       : "; if the file has decimal commas, set dataset.decimal=comma");
}

CsvReader::CsvReader(std::filesystem::path path, std::string bytes, const DialectOptions& options)
    : path_(std::move(path)), scanner_("", "", ',', {}) {
  require_text(bytes, path_.string());
  auto decoded = decode_text(std::move(bytes), path_.string());
  encoding_ = decoded.encoding;
  text_ = std::make_shared<const std::string>(std::move(decoded.text));
  dialect_ = recognise_dialect(*text_, path_.string(), options);
  named_by_ = dialect_.header ? Header::row : Header::none;
  scanner_ = scanner_of(*text_, path_.string(), dialect_);
  const bool any = scanner_.next();
  const auto comments = scanner_.skipped().comments;
  require(any || comments == 0,
          "{}: empty but for {} comment lines, which begin with \"{}\"; if they are rows, set "
          "dataset.comment=none",
          path_.string(), comments, scanner_.skipped().last_mark);
  require(any, "{}: empty; {} are expected", path_.string(),
          dialect_.header ? "a header line and rows" : "rows");
  if (scanner_.fields().size() == 1) scanner_.keep_blank_lines();
  if (options.header == "auto" && !dialect_.header) {
    if (auto names = names_in_comment(scanner_.fields().size()); !names.empty()) {
      named_by_ = Header::comment;
      take_names(std::move(names));
    }
  }
  read_header();
}

/// The names that the last comment before the table gives its columns, as ISC-GEM and numpy.savetxt do.
std::vector<std::string> CsvReader::names_in_comment(std::size_t width) const {
  const auto& comment = scanner_.skipped().last_comment;
  RowScanner scanner(comment, path_.string(), dialect_.delimiter, {});
  try {
    if (!scanner.next() || scanner.fields().size() != width) return {};
  } catch (const UserError&) {
    return {};  // a sentence with a quote in it
  }
  const auto& names = scanner.fields();
  const bool numbers =
      std::any_of(names.begin(), names.end(), [](const auto& name) { return number_of(name).has_value(); });
  const bool sentence = width == 1 && comment.find(' ') != std::string::npos;
  return numbers || sentence ? std::vector<std::string>() : names;
}

void CsvReader::read_header() {
  header_line_ = scanner_.line();
  if (named_by_ != Header::row) {
    if (named_by_ == Header::none) take_names(std::vector<std::string>(scanner_.fields().size()));
    pending_ = true;
    return;
  }
  auto names = scanner_.fields();
  if (has_row_names(sample(1000), names.size())) names.insert(names.begin(), "");
  take_names(std::move(names));
}

void CsvReader::take_names(std::vector<std::string> names) {
  nameless_.assign(names.size(), false);
  for (std::size_t column = 0; column < names.size(); ++column) {
    // "Unnamed: 0" is what pandas makes of a column without a name.
    nameless_[column] = names[column].empty() || names[column].starts_with("Unnamed: ");
    if (nameless_[column]) names[column] = fmt::format("x{}", column);
  }
  header_ = std::move(names);
}

bool CsvReader::next() {
  if (pending_) {
    pending_ = false;
  } else if (!scanner_.next()) {
    return false;
  }
  ++rows_;
  const auto found = scanner_.fields().size();
  if (found == header_.size()) return true;
  const auto named = named_by_ == Header::none ? "first row" : "header";
  const auto advice = rows_ == 1 && named_by_ == Header::row
                          ? fmt::format("; if line {} is no part of the table, dataset.skip={} leaves it out",
                                        header_line_, header_line_)
                          : "";
  fail("{}: {} fields, but the {} has {}{}", place(), found, named, header_.size(), advice);
}

std::string CsvReader::place() const { return fmt::format("{}:{}", path_.string(), scanner_.line()); }

double CsvReader::number(std::size_t column) const {
  // This is called for every number of a file: a place is put together only where something is wrong.
  const auto& field = scanner_.fields()[column];
  if (const auto value = number_of(field, dialect_.decimal_comma)) return *value;
  return csv_number(field, header_[column], place(), dialect_.decimal_comma);
}

std::vector<std::vector<std::string>> CsvReader::sample(std::size_t rows) const {
  std::vector<std::vector<std::string>> first;
  auto scanner = scanner_of(*text_, path_.string(), dialect_);
  if (scanner_.fields().size() == 1) scanner.keep_blank_lines();
  if (named_by_ == Header::row) scanner.next();
  try {
    while (first.size() < rows && scanner.next()) first.push_back(scanner.fields());
  } catch (const UserError&) {
    // Whoever reads that far meets it again.
  }
  return first;
}

std::string CsvReader::description() const {
  const auto delimiter = dialect_.delimiter == ' ' ? "blanks" : dialect_.delimiter == '\t' ? "tabs" : "";
  auto text = *delimiter ? std::string(delimiter) : fmt::format("\"{}\"", dialect_.delimiter);
  if (header_.size() == 1) text = "one column";
  if (dialect_.decimal_comma) text += ", decimal comma";
  text += named_by_ == Header::row       ? ", header"
          : named_by_ == Header::comment ? ", header in a comment"
                                         : ", no header";
  if (!encoding_.empty()) text += ", " + encoding_;
  const auto counted = [&](std::size_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}{}", count, what, count == 1 ? "" : "s");
  };
  counted(dialect_.skip, "skipped line");
  counted(scanner_.skipped().comments, "comment line");
  counted(scanner_.skipped().blanks, "blank line");
  return text;
}

}  // namespace ebm
