#include "dualebm/datasets/files/row_scanner.hpp"

#include <utility>

#include "dualebm/datasets/files/text_encoding.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {

std::string delimiter_name(char delimiter) {
  for (const auto& [character, name] :
       {std::pair(',', "comma"), {';', "semicolon"}, {'\t', "tab"}, {'|', "pipe"}, {' ', "blank"}}) {
    if (delimiter == character) return name;
  }
  return std::string(1, delimiter);
}

RowScanner::RowScanner(std::string_view text, std::string name, char delimiter,
                       std::vector<std::string> comments)
    : text_(text), name_(std::move(name)), delimiter_(delimiter), comments_(std::move(comments)) {}

void RowScanner::skip_lines(std::size_t count) {
  for (; count > 0 && position_ < text_.size(); --count) {
    while (!at_line_end()) ++position_;
    end_line();
  }
}

bool RowScanner::next() {
  while (pass_over_line()) {
  }
  if (position_ >= text_.size()) return false;
  row_line_ = line_;
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    if (count == fields_.size()) fields_.emplace_back();
    more = read_field(fields_[count]);
  }
  fields_.resize(count);
  end_line();
  return true;
}

bool RowScanner::at_line_end() const {
  return position_ >= text_.size() || text_[position_] == '\n' || text_[position_] == '\r';
}

/// Goes beyond the end of the line: CR LF is one, and so is CR CR LF, which a second translation makes of it.
void RowScanner::end_line() {
  if (position_ >= text_.size()) return;
  if (text_[position_] == '\r') {
    const auto after = text_.find_first_not_of('\r', position_);
    if (after != std::string_view::npos && text_[after] == '\n') position_ = after;
  }
  ++position_;
  ++line_;
}

void RowScanner::skip_blanks() {
  // A tab that divides fields is no blank.
  while (const auto blank = blank_at(text_, position_)) {
    if (text_[position_] == delimiter_ && delimiter_ != ' ') return;
    position_ += blank;
  }
}

/// Goes beyond a comment or a blank line, if the text has one here.
bool RowScanner::pass_over_line() {
  if (position_ >= text_.size()) return false;
  auto start = position_;
  while (const auto blank = blank_at(text_, start)) start += blank;
  const auto line = text_.substr(start);
  if (line.empty() || line[0] == '\n' || line[0] == '\r') {
    if (blank_lines_are_rows_ && line.find_first_not_of(" \t\r\n") != std::string_view::npos) return false;
    ++skipped_.blanks;
    position_ = start;
    end_line();
    return true;
  }
  for (const auto& mark : comments_) {
    if (!line.starts_with(mark)) continue;
    position_ = start + mark.size();
    const auto begin = position_;
    while (!at_line_end()) ++position_;
    ++skipped_.comments;
    skipped_.last_comment = trimmed(text_.substr(begin, position_ - begin));
    skipped_.last_mark = mark;
    end_line();
    return true;
  }
  return false;
}

/// @return whether a delimiter follows, and with it another field of the row
bool RowScanner::read_field(std::string& field) {
  field.clear();
  skip_blanks();
  if (position_ < text_.size() && text_[position_] == '"') {
    read_quoted(field);
  } else {
    const auto begin = position_;
    while (!at_line_end() && text_[position_] != delimiter_) {
      if (delimiter_ == ' ' && blank_at(text_, position_) > 0) break;
      require(text_[position_] != '"', "{}:{}: a quote inside a field that does not begin with one", name_,
              line_);
      ++position_;
    }
    field = trimmed(text_.substr(begin, position_ - begin));
  }
  return at_delimiter();
}

/// Goes beyond the delimiter, if the text has one here.
bool RowScanner::at_delimiter() {
  if (delimiter_ == ' ') {
    skip_blanks();
    return !at_line_end();
  }
  if (at_line_end()) return false;
  ++position_;
  return true;
}

void RowScanner::read_quoted(std::string& field) {
  const auto opened = line_;
  for (++position_;; ++position_) {
    require(position_ < text_.size(), "{}:{}: the quote that opens here is never closed", name_, opened);
    if (text_[position_] == '"') {
      const bool doubled = position_ + 1 < text_.size() && text_[position_ + 1] == '"';
      if (!doubled) break;
      ++position_;
    }
    const bool before_line_feed = position_ + 1 < text_.size() && text_[position_ + 1] == '\n';
    if (text_[position_] == '\n' || (text_[position_] == '\r' && !before_line_feed)) ++line_;
    field += text_[position_];
  }
  ++position_;
  const auto closed = position_;
  skip_blanks();
  const bool ended =
      at_line_end() || text_[position_] == delimiter_ || (delimiter_ == ' ' && position_ > closed);
  require(ended, "{}:{}: after a closing quote a {} or the end of the line is expected, found \"{}\"", name_,
          line_, delimiter_name(delimiter_), printable(text_.substr(position_, 1)));
}

}  // namespace ebm
