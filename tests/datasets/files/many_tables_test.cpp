#include <cmath>

#include "dualebm/datasets/files/number_table.hpp"
#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

/// One table, 3 x 3, as text with points; what is written of it differs from file to file.
const std::vector<std::string> names = {"lat", "Depth (km)", "z"};
const std::vector<std::vector<std::string>> rows = {
    {"1.5", "-2", "3e2"}, {"-0.25", "7.125", "0"}, {"4", "5.5", "-6"}};
const std::vector<double> numbers = {1.5, -2, 300, -0.25, 7.125, 0, 4, 5.5, -6};

enum class Heading { row, comment, none };

struct Form {
  std::string delimiter;  ///< as it stands between fields
  bool decimal_comma = false;
  std::string line_end;
  std::string encoding;  ///< UTF-8, BOM, UTF-16LE, UTF-16BE, bare LE, bare BE
  Heading heading = Heading::row;
};

std::string in_utf16(const std::string& ascii, bool big_endian, bool mark) {
  std::string bytes = !mark ? "" : big_endian ? "\xfe\xff" : "\xff\xfe";
  for (const char letter : ascii) bytes += big_endian ? std::string{'\0', letter} : std::string{letter, '\0'};
  return bytes;
}

std::string written(const Form& form) {
  const auto field = [&](std::string text, bool is_name) {
    if (!is_name && form.decimal_comma) {
      if (const auto point = text.find('.'); point != std::string::npos) text[point] = ',';
    }
    const bool quoted = text.find(form.delimiter[0]) != std::string::npos;
    return quoted ? "\"" + text + "\"" : text;
  };
  const auto line = [&](const std::vector<std::string>& fields, bool is_name) {
    std::string text;
    for (const auto& one : fields) text += (text.empty() ? "" : form.delimiter) + field(one, is_name);
    return text + form.line_end;
  };
  std::string text;
  if (form.heading == Heading::comment)
    text += "# made, for a test; of all readers" + form.line_end + "# " + line(names, true);
  if (form.heading == Heading::row) text += line(names, true);
  for (const auto& row : rows) text += line(row, false);
  if (form.encoding == "BOM") return "\xef\xbb\xbf" + text;
  if (form.encoding == "UTF-8") return text;
  return in_utf16(text, form.encoding.ends_with("BE"), form.encoding.starts_with("UTF"));
}

std::string expected_summary(const Form& form) {
  const auto delimiter = form.delimiter == "\t"             ? "tabs"
                         : form.delimiter.starts_with("  ") ? "blanks"
                                                            : "\"" + form.delimiter + "\"";
  std::string text = "3 rows, " + delimiter;
  if (form.decimal_comma) text += ", decimal comma";
  text += form.heading == Heading::row    ? ", header"
          : form.heading == Heading::none ? ", no header"
                                          : ", header in a comment";
  if (form.encoding.ends_with("LE") || form.encoding.ends_with("BE")) text += ", UTF-16";
  if (form.heading == Heading::comment) text += ", 2 comment lines";
  return text + (form.heading == Heading::none ? ", columns x0, x1, x2" : ", columns lat, Depth (km), z");
}

// 5 delimiters, 2 decimal signs, 3 ends of lines, 6 encodings, 3 kinds of header: 540 files, one table.
TEST(ManyTables, EveryDialectGivesTheSameNumbersAndSaysWhatItIs) {
  int files = 0;
  for (const auto* delimiter : {",", ";", "\t", "|", "  "}) {
    for (const bool decimal_comma : {false, true}) {
      for (const auto* line_end : {"\n", "\r\n", "\r"}) {
        for (const auto* encoding : {"UTF-8", "BOM", "UTF-16LE", "UTF-16BE", "bare LE", "bare BE"}) {
          for (const auto heading : {Heading::row, Heading::comment, Heading::none}) {
            const Form form{delimiter, decimal_comma, line_end, encoding, heading};
            SCOPED_TRACE(expected_summary(form) + " " + encoding);
            CsvReader reader("FILE", written(form));
            const auto table = read_numbers(reader, choose_columns(reader, {}), {});
            EXPECT_EQ(table.numbers, numbers);
            EXPECT_EQ(table.summary, expected_summary(form));
            ++files;
          }
        }
      }
    }
  }
  EXPECT_EQ(files, 540);
}

/// A small file, and what must come out.
struct Case {
  std::string name, content;
  std::vector<double> numbers;  ///< row by row
  std::string summary;          ///< the one line, or the message where there are no numbers
  ColumnOptions columns = {};
  RowOptions rows = {};
  DialectOptions dialect = {};
};

class SmallTable : public ::testing::TestWithParam<Case> {};

TEST_P(SmallTable, ComesOutAsItMust) {
  const auto& test = GetParam();
  const auto read = [&] {
    CsvReader reader("FILE", test.content, test.dialect);
    const auto choice = choose_columns(reader, test.columns);
    return read_numbers(reader, choice, test.rows);
  };
  if (test.numbers.empty()) {
    EXPECT_EQ(user_error(read), test.summary);
  } else {
    const auto table = read();
    EXPECT_EQ(table.numbers, test.numbers);
    EXPECT_EQ(table.summary, test.summary);
    EXPECT_EQ(table.numbers.size(), table.rows.size() * table.columns.size());
  }
}

const double denormal = 4.9406564584124654e-324;

std::string named(const ::testing::TestParamInfo<Case>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Numbers, SmallTable,
    ::testing::Values(
        Case{"plus", "a,b\n+1,+.5\n", {1, .5}, "1 row, \",\", header, columns a, b"},
        Case{"unicode_minus",
             "a,b\n\xe2\x88\x92"
             "1.5,2e\xe2\x88\x92"
             "1\n",
             {-1.5, .2},
             "1 row, \",\", header, columns a, b"},
        Case{"no_break_blanks",
             "a,b\n\xc2\xa0"
             "1\xc2\xa0,\xe2\x80\xaf"
             "2\n",
             {1, 2},
             "1 row, \",\", header, columns a, b"},
        Case{"fortran_exponents",
             "1.5D+02 2d0\n-1D-1 3\n",
             {150, 2, -.1, 3},
             "2 rows, blanks, no header, columns x0, x1"},
        Case{"denormals", "a,b\n4.9e-324,-1e-400\n", {denormal, -0.0}, "1 row, \",\", header, columns a, b"},
        Case{"too_large", "a,b\n1,2\n1,1e400\n", {}, "FILE:3: b is not a finite number: \"1e400\""},
        Case{"bare_point", "a;b\n5.;.5\n", {5, .5}, "1 row, \";\", header, columns a, b"},
        Case{"shortest", "7", {7}, "1 row, one column, no header, column x0"},
        Case{"two_signs", "a,b\n1,2\n1,+-2\n", {}, "FILE:3: b is not a finite number: \"+-2\""},
        Case{"hexadecimal", "a,b\n1,2\n1,0x10\n", {}, "FILE:3: b is not a finite number: \"0x10\""},
        Case{"infinite", "a,b\n1,2\n1,inf\n", {}, "FILE:3: b is not a finite number: \"inf\""},
        Case{"blank_within",
             "a,b\n1,2\n1,2\xc2\xa0"
             "3\n",
             {},
             "FILE:3: b is not a finite number: \"2\\u00a03\""},
        Case{"hyphen_of_print",
             "a,b\n1,2\n1,\xe2\x80\x93"
             "3\n",
             {},
             "FILE:3: b is not a finite number: \"\\u20133\""},
        Case{"thousands",
             "a;b\n1;2,5\n1;1.234,5\n",
             {},
             "FILE:3: b is not a finite number with a decimal comma: \"1.234,5\""},
        Case{"points_in_a_file_of_commas",
             "a;b\n1;2,5\n1;2,5\n1;2.5\n",
             {},
             "FILE:4: b is not a finite number with a decimal comma: \"2.5\"; if the file has decimal "
             "points, set dataset.decimal=point"},
        Case{"commas_in_a_file_of_points",
             "a;b\n1;2.5\n1;2,5\n",
             {},
             "FILE:3: b is not a finite number: \"2,5\"; if the file has decimal commas, set "
             "dataset.decimal=comma"},
        Case{"decimal_comma_said",
             "a;b\n1;2\n1;2,5\n",
             {1, 2, 1, 2.5},
             "2 rows, \";\", decimal comma, header, columns a, b",
             {},
             {},
             {.decimal = "comma"}},
        Case{"decimal_point_said",
             "a;b\n1;2,5\n",
             {},
             "FILE:2: b is not a finite number: \"2,5\"; if the file has decimal commas, set "
             "dataset.decimal=comma",
             {},
             {},
             {.decimal = "point"}},
        Case{"quoted_decimal_commas",
             "\"a\",\"b\"\n\"1,5\",\"2,5\"\n",
             {1.5, 2.5},
             "1 row, \",\", decimal comma, header, columns a, b"},
        Case{"one_column_of_commas",
             "a\n1,5\n2,25\n",
             {1.5, 2.25},
             "2 rows, one column, decimal comma, header, column a"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Lines, SmallTable,
    ::testing::Values(
        Case{"blank_lines",
             "\n\na,b\n\n1,2\n  \n3,4\n\n\n",
             {1, 2, 3, 4},
             "2 rows, \",\", header, 6 blank lines, columns a, b"},
        Case{"comments",
             "# one\na,b\n# two\n1,2\n// three\n% four\n3,4\n",
             {1, 2, 3, 4},
             "2 rows, \",\", header, 4 comment lines, columns a, b"},
        Case{"indented_comment",
             "a,b\n  # two\n1,2\n",
             {1, 2},
             "1 row, \",\", header, 1 comment line, columns a, b"},
        Case{"comment_said",
             "* one\na,b\n1,2\n",
             {1, 2},
             "1 row, \",\", header, 1 comment line, columns a, b",
             {},
             {},
             {.comment = "*"}},
        Case{"comments_are_rows",
             "#a,b\n1,2\n",
             {1, 2},
             "1 row, \",\", header, columns #a, b",
             {},
             {},
             {.comment = "none"}},
        Case{"only_comments",
             "#1,2\n#3,4\n",
             {},
             "FILE: empty but for 2 comment lines, which begin with \"#\"; if they are rows, set "
             "dataset.comment=none"},
        Case{"title",
             "A title\na,b\n1,2\n",
             {},
             "FILE:2: 2 fields, but the header has 1; if line 1 is no part of the table, dataset.skip=1 "
             "leaves it out"},
        Case{"title_skipped",
             "A title\na,b\n1,2\n",
             {1, 2},
             "1 row, \",\", header, 1 skipped line, columns a, b",
             {},
             {},
             {.skip = 1}},
        Case{"all_skipped",
             "a,b\n1,2\n",
             {},
             "FILE: empty; a header line and rows are expected",
             {},
             {},
             {.skip = 9}},
        Case{"gap_in_one_column",
             "a\n1\n\n3\n\n",
             {},
             "FILE:3: a is missing (\"\"); 1 of 3 rows has gaps; dataset.missing=drop leaves such rows out"},
        Case{"marks_in_the_middle",
             "\xef\xbb\xbf"
             "a,b\n1,2\n\xef\xbb\xbf"
             "3,4\n",
             {1, 2, 3, 4},
             "2 rows, \",\", header, columns a, b"},
        Case{"twice_translated",
             "a,b\r\r\n1,2\r\r\n3,4\r\r\n",
             {1, 2, 3, 4},
             "2 rows, \",\", header, columns a, b"},
        Case{"mixed_line_ends",
             "a,b\r1,2\n3,4\r\n5,6",
             {1, 2, 3, 4, 5, 6},
             "3 rows, \",\", header, columns a, b"},
        Case{"latin_1", "a,b\xe9\n1,2\n", {1, 2}, "1 row, \",\", header, Latin-1, columns a, b\xc3\xa9"},
        Case{"zero_byte",
             std::string("a,b\n1,2\n3,\0"
                         "4\n",
                         12),
             {},
             "FILE:3: a zero byte: this is no text"},
        Case{"odd_utf16",
             "\xff\xfe"
             "abc",
             {},
             "FILE: damaged UTF-16: the number of its bytes is odd"},
        Case{"half_a_character",
             std::string("\xff\xfe\x00\xd8\x61\x00", 6),
             {},
             "FILE: damaged UTF-16: half a character at byte 2"},
        Case{"utf32", std::string("\xff\xfe\0\0a\0\0\0", 8), {}, "FILE: text in UTF-32; save it as UTF-8"},
        Case{"ragged", "a,b\n1,2\n3\n", {}, "FILE:3: 1 fields, but the header has 2"},
        Case{"ragged_without_header", "1,2,3\n4,5\n", {}, "FILE:2: 2 fields, but the first row has 3"},
        Case{"quotes",
             "\"a\";\"b \"\"x\"\"\"\n\"1\";\"2\"\n",
             {1, 2},
             "1 row, \";\", header, columns a, b \"x\""},
        Case{"unclosed", "a,b\n1,2\n1,\"2\n", {}, "FILE:3: the quote that opens here is never closed"},
        Case{"blanks_around_everything",
             "  a   b \n 1   2 \n3 4\n",
             {1, 2, 3, 4},
             "2 rows, blanks, header, columns a, b"},
        Case{"tabs_and_blanks", "1 \t 2\n3\t  4\n", {1, 2, 3, 4}, "2 rows, tabs, no header, columns x0, x1"},
        Case{"doubled_tabs",
             "1\t2\t\t3\n4\t5\t6\n",
             {1, 2, 3, 4, 5, 6},
             "2 rows, blanks, no header, columns x0, x1, x2"},
        Case{"said_delimiter",
             "a:b\n1:2\n",
             {1, 2},
             "1 row, \":\", header, columns a, b",
             {},
             {},
             {.delimiter = ":"}},
        Case{"empty", "", {}, "FILE: empty; a header line and rows are expected"},
        Case{"header_alone", "a,b\n", {}, "FILE: no rows after the header"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Headers, SmallTable,
    ::testing::Values(
        Case{"none", "1,2\n3,4\n", {1, 2, 3, 4}, "2 rows, \",\", no header, columns x0, x1"},
        Case{"none_said",
             "1,2\n3,4\n",
             {1, 2, 3, 4},
             "2 rows, \",\", no header, columns x0, x1",
             {},
             {},
             {.header = "false"}},
        Case{"numbers_said_to_be_names",
             "1990,1991\n3,4\n",
             {3, 4},
             "1 row, \",\", header, columns 1990, 1991",
             {},
             {},
             {.header = "true"}},
        Case{"counting_above_fractions",
             "0,1,2\n3,4,5.5\n",
             {3, 4, 5.5},
             "1 row, \",\", header, columns 0, 1, 2"},
        Case{"counting_above_integers",
             "0,1\n3,4\n",
             {},
             "FILE:1: 0, 1, 2, ... may be names of columns or a row of numbers; say which: "
             "dataset.header=true or dataset.header=false"},
        Case{"half_names",
             "a,7\n3,4\n5,6\n",
             {},
             "FILE:1: some columns begin with a text as a header does, some with a number as a row does; say "
             "which it is: "
             "dataset.header=true or dataset.header=false"},
        Case{"pandas_index",
             ",a,b\n0,1.5,2\n1,3,4\n",
             {1.5, 2, 3, 4},
             "2 rows, \",\", header, columns a, b; column 1 without a name, the number of the row, left out"},
        Case{"pandas_counts_all",
             ",0,1\n0,1,2\n1,3,4\n",
             {1, 2, 3, 4},
             "2 rows, \",\", header, columns 0, 1; column 1 without a name, the number of the row, left out"},
        Case{"pandas_read_twice",
             "Unnamed: 0,a\n1,1.5\n2,3\n",
             {1.5, 3},
             "2 rows, \",\", header, column a; column 1 without a name, the number of the row, left out"},
        Case{
            "r_row_names",
            "\"x\" \"y\"\n\"1\" 1.5 2\n\"2\" 3 4\n",
            {1.5, 2, 3, 4},
            "2 rows, blanks, header, columns x, y; column 1 without a name, the number of the row, left out"},
        Case{"nameless_that_means_something",
             ",a\n7,1.5\n1,3\n",
             {7, 1.5, 1, 3},
             "2 rows, \",\", header, columns x0, a"},
        Case{"trailing_delimiters",
             "a;b;;\n1;2;;\n3;4;;\n",
             {1, 2, 3, 4},
             "2 rows, \";\", header, columns a, b; column 3 without name and values left out; column 4 "
             "without name and values left out"},
        Case{"in_a_comment",
             "# x y\n1 2\n3 4.5\n",
             {1, 2, 3, 4.5},
             "2 rows, blanks, header in a comment, 1 comment line, columns x, y"},
        Case{"comment_of_another_width",
             "# x y z\n1 2\n3 4.5\n",
             {1, 2, 3, 4.5},
             "2 rows, blanks, no header, 1 comment line, columns x0, x1"},
        Case{"sentence_above_one_column",
             "# made on a Monday\n1\n2\n",
             {1, 2},
             "2 rows, one column, no header, 1 comment line, column x0"},
        Case{"word_above_one_column",
             "# depth\n1\n2\n",
             {1, 2},
             "2 rows, one column, header in a comment, 1 comment line, column depth"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Columns, SmallTable,
    ::testing::Values(
        Case{"chosen",
             "a,B,c\n1,2,3\n",
             {3, 2},
             "1 row, \",\", header, columns c, B",
             {.columns = {"C", "b"}}},
        Case{"by_place",
             "1,2,3\n",
             {3, 1},
             "1 row, \",\", no header, columns x2, x0",
             {.columns = {"x2", "x0"}}},
        Case{"dropped", "a,b,c\n1,2,3\n", {1, 3}, "1 row, \",\", header, columns a, c", {.drop = {"B"}}},
        Case{"unknown", "a,b\n1,2\n", {}, "FILE: no column c; the header has a, b", {.columns = {"c"}}},
        Case{"unknown_to_drop", "a,b\n1,2\n", {}, "FILE: no column c; the header has a, b", {.drop = {"c"}}},
        Case{"case_decides", "A,a\n1,2\n", {2}, "1 row, \",\", header, column a", {.columns = {"a"}}},
        Case{"twice_in_the_file",
             "q,a,q\n1,2,3\n",
             {},
             "FILE: more than one column q; say which by its place: x0 or x2; the header has q, a, q",
             {.columns = {"q"}}},
        Case{"one_of_two_by_place",
             "q,a,q\n1,2,3\n",
             {3},
             "1 row, \",\", header, column q",
             {.columns = {"x2"}}},
        Case{"both_dropped", "q,a,q\n1,2,3\n", {2}, "1 row, \",\", header, column a", {.drop = {"q"}}},
        Case{"asked_twice", "a,b\n1,2\n", {}, "dataset.columns: A comes twice", {.columns = {"a", "A"}}},
        Case{"asked_and_dropped",
             "a,b\n1,2\n",
             {},
             "dataset.columns: a is in dataset.drop too",
             {.columns = {"a"}, .drop = {"a"}}},
        Case{"all_dropped",
             "a,b\n1,2\n",
             {},
             "FILE: no column is left; the header has a, b",
             {.drop = {"a", "b"}}},
        Case{"text",
             "a,kind\n1,cat\n2,dog\n",
             {},
             "FILE: the column kind holds text (\"cat\"); leave it out: --set dataset.drop=kind, or make it "
             "the label: --set dataset.label=kind"},
        Case{"text_dropped",
             "a,kind\n1,cat\n2,dog\n",
             {1, 2},
             "2 rows, \",\", header, column a",
             {.drop = {"kind"}}},
        Case{"text_as_label",
             "a,kind\n1,cat\n2,dog\n",
             {1, 2},
             "2 rows, \",\", header, column a, label kind",
             {.label = "kind"}},
        Case{"two_texts",
             "a,my kind,b\n1,cat,x\n",
             {},
             "FILE: the columns my kind, b hold text (\"cat\"); leave them out: --set 'dataset.drop=[\"my "
             "kind\",\"b\"]', or make one of "
             "them the label: --set dataset.label"},
        Case{"text_chosen",
             "a,kind\n1,cat\n",
             {},
             "FILE: the column kind holds text (\"cat\"), which is no coordinate; leave it out of "
             "dataset.columns",
             {.columns = {"a", "kind"}}},
        Case{"no_break_blank_in_a_name",
             "a\xc2\xa0"
             "b,c\n1,2\n",
             {},
             "FILE: no column d; the header has a\\u00a0b, c",
             {.columns = {"d"}}},
        Case{"one_label",
             "a,k\n1,u\n2,v\n3,u\n",
             {1, 3},
             "2 rows, \",\", header, column a, label k; 1 row of other labels left out",
             {.label = "k"},
             {.keep_label = "u"}},
        Case{"no_such_label",
             "a,k\n1,u\n2,v\n",
             {},
             "FILE: no row has the label \"w\"; some that occur: u, v",
             {.label = "k"},
             {.keep_label = "w"}},
        Case{"label_without_column",
             "a,k\n1,2\n",
             {},
             "dataset.keep_label: \"2\" is given, but no dataset.label",
             {},
             {.keep_label = "2"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Gaps, SmallTable,
    ::testing::Values(
        Case{
            "refused",
            "a,b\n1,2\n3,?\n?,4\n5,6\n",
            {},
            "FILE:3: b is missing (\"?\"); 2 of 4 rows have gaps; dataset.missing=drop leaves such rows out"},
        Case{"dropped",
             "a,b\n1,2\n3,?\n?,4\n5,6\n",
             {1, 2, 5, 6},
             "2 rows, \",\", header, columns a, b; 2 rows with missing values left out",
             {},
             {.missing = "drop"}},
        Case{"every_spelling",
             "a,b\n1,2\n1,\n1,NA\n1,n/a\n1,NaN\n1,NULL\n1,None\n1,-\n1,--\n1,.\n1,*\n1,#N/A\n1,<NA>\n",
             {1, 2},
             "1 row, \",\", header, columns a, b; 12 rows with missing values left out",
             {},
             {.missing = "drop"}},
        Case{"no_spelling",
             "a,b\n1,2\n1,none at all\n",
             {},
             "FILE:3: b is not a finite number: \"none at all\"",
             {},
             {.missing = "drop"}},
        Case{"in_a_label",
             "a,k\n1,\n2,u\n",
             {1, 2},
             "2 rows, \",\", header, column a, label k",
             {.label = "k"}},
        Case{"in_a_dropped_column",
             "a,b\n1,\n2,3\n",
             {1, 2},
             "2 rows, \",\", header, column a",
             {.drop = {"b"}}},
        Case{"bad_number_beside_a_gap",
             "a,b\n1,2\n,x\n3,4\n",
             {},
             "FILE:3: b is not a finite number: \"x\"",
             {},
             {.missing = "drop"}},
        Case{"everywhere",
             "a,b\n1,?\n2,?\n",
             {},
             "FILE: every row has a gap; the column b has most, 2 in 2 rows: leave it out of "
             "dataset.columns, or add it to dataset.drop",
             {},
             {.missing = "drop"}},
        Case{"rows_of_delimiters",
             "a;b\n1;2\n;\n;\n",
             {1, 2},
             "1 row, \";\", header, columns a, b; 2 rows with missing values left out",
             {},
             {.missing = "drop"}},
        Case{"neither_error_nor_drop",
             "a\n1\n",
             {},
             "dataset.missing: expected error or drop, found \"ignore\"",
             {},
             {.missing = "ignore"}}),
    named);

// Fields that columns were left out for must hold that to the last row: nothing is lost in silence.
TEST(ManyTables, AColumnWithoutANameThatTurnsOutToMeanSomethingIsAnError) {
  std::string counting = ",a\n", empty = "a,\n";
  for (int row = 0; row < 1500; ++row) {
    counting += std::to_string(row == 1200 ? 7 : row) + ",1.5\n";
    empty += row == 1300 ? "1.5,9\n" : "1.5,\n";
  }
  const auto message = [](const std::string& content) {
    return user_error([&] {
      CsvReader reader("FILE", content);
      read_numbers(reader, choose_columns(reader, {}), {});
    });
  };
  EXPECT_EQ(message(counting),
            "FILE:1202: the column x0 has no name and seemed to be the number of the row, here it is \"7\"; "
            "leave it "
            "out with dataset.drop=x0, or name all that are wanted in dataset.columns");
  expect_contains(message(empty),
                  "FILE:1302: the column x1 has no name and seemed to be empty, here it is \"9\"");
}

// Rows are counted in the file, before filters: a split file and a message can name them.
TEST(ManyTables, RowsKeepTheirNumbersAndLines) {
  CsvReader reader("FILE", "# c\na,k\n1,u\n?,u\n3,v\n\n4,u\n");
  const auto table =
      read_numbers(reader, choose_columns(reader, {.label = "k"}), {.missing = "drop", .keep_label = "u"});
  EXPECT_EQ(table.rows, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(table.lines, (std::vector<std::size_t>{3, 7}));
  EXPECT_EQ(table.rows_in_file, 4);
  EXPECT_EQ(table.place(1), "FILE:7");
  EXPECT_EQ(table.summary,
            "2 rows, \",\", header, 1 comment line, 1 blank line, column a, label k; 1 row of other labels "
            "left out; "
            "1 row with missing values left out");
}

TEST(ManyTables, ALongListOfColumnsIsCutInTheSummary) {
  std::string header, row;
  for (int column = 0; column < 64; ++column) {
    header += (column ? ",c" : "c") + std::to_string(column);
    row += column ? ",1.5" : "1.5";
  }
  CsvReader reader("FILE", header + "\n" + row + "\n");
  EXPECT_EQ(
      read_numbers(reader, choose_columns(reader, {}), {}).summary,
      "1 row, \",\", header, columns c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, ... (64 columns)");
}

}  // namespace
}  // namespace ebm::testing
