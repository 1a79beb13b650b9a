#include "dualebm/datasets/files/csv.hpp"

#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

/// The message that reading the second column, "b", of such a file as numbers ends with.
std::string csv_error(const TemporaryFolder& folder, const std::string& content) {
  const auto path = folder.write("points.csv", content);
  return user_error([&] {
    const auto table = read_csv(path);
    for (std::size_t row = 0; row < table.rows.size(); ++row) table.number(row, table.column("b"));
  });
}

struct BadCsv {
  std::string name, content, message;  ///< FILE stands for the path
};

class BadCsvFile : public ::testing::TestWithParam<BadCsv> {};

TEST_P(BadCsvFile, IsAnErrorThatSaysWhere) {
  const TemporaryFolder folder;
  auto expected = GetParam().message;
  expected.replace(expected.find("FILE"), 4, (folder / "points.csv").string());
  EXPECT_EQ(csv_error(folder, GetParam().content), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadCsvFile,
    ::testing::Values(
        BadCsv{"word", "a,b\n1,2\n3,four\n", "FILE:3: b is not a finite number: \"four\""},
        BadCsv{"number_and_more", "a,b\n1,2x\n", "FILE:2: b is not a finite number: \"2x\""},
        BadCsv{"two_numbers", "a,b\n1,2 3\n", "FILE:2: b is not a finite number: \"2 3\""},
        BadCsv{"hexadecimal", "a,b\n1,0x10\n", "FILE:2: b is not a finite number: \"0x10\""},
        BadCsv{"quoted_line_end", "a,b\n1,\"2\n3\"\n", "FILE:2: b is not a finite number: \"2\\x0a3\""},
        BadCsv{"stray_quote", "a,b\n1,2\n1,2\"\n",
               "FILE:3: a quote inside a field that does not begin with one"},
        BadCsv{"text_after_a_quote", "a,b\n1,\"2\"3\n",
               "FILE:2: after a closing quote a comma or the end of the line is expected, found \"3\""},
        BadCsv{"unclosed_quote", "a,b\n1,2\n\"1,2\n3,4\n",
               "FILE:3: the quote that opens here is never closed"},
        BadCsv{"unclosed_quote_at_the_end", "a,b\n1,2\n1,\"",
               "FILE:3: the quote that opens here is never closed"},
        BadCsv{"doubled_quote_at_the_end", "a,b\n1,2\n1,\"2\"\"",
               "FILE:3: the quote that opens here is never closed"},
        BadCsv{"after_a_field_of_two_lines", "a,b\n\"1\n\",2\nx,y\n",
               "FILE:4: b is not a finite number: \"y\""},
        BadCsv{"quoted_nothing", "a,b\n\"\"\n",
               "FILE:2: 1 fields, but the header has 2; if line 1 is no part of the table, dataset.skip=1 "
               "leaves it out"},
        BadCsv{"header_of_two_lines", "\"a\nc\",d\n1,2\n", "FILE: no column b; the header has a\\x0ac, d"},
        BadCsv{"empty_field", "a,b\n1,2\n1,2\n1,\n", "FILE:4: b is not a finite number: \"\""},
        BadCsv{"blank_field", "a,b\n1,  \n", "FILE:2: b is not a finite number: \"\""},
        BadCsv{"nan", "a,b\n1,nan\n", "FILE:2: b is not a finite number: \"nan\""},
        BadCsv{"inf", "a,b\n1,2\n1,-inf\n", "FILE:3: b is not a finite number: \"-inf\""},
        BadCsv{"beyond_double", "a,b\n1,1e999\n", "FILE:2: b is not a finite number: \"1e999\""},
        BadCsv{"too_few_fields", "a,b\n1,2\n1\n", "FILE:3: 1 fields, but the header has 2"},
        BadCsv{"too_many_fields", "a,b\n1,2,3\n",
               "FILE:2: 3 fields, but the header has 2; if line 1 is no part of the table, dataset.skip=1 "
               "leaves it out"},
        BadCsv{"trailing_comma", "a,b\n1,2,\n",
               "FILE:2: 3 fields, but the header has 2; if line 1 is no part of the table, dataset.skip=1 "
               "leaves it out"},
        BadCsv{"blank_line_in_one_column", "b\n1\n\n3\n", "FILE:3: b is not a finite number: \"\""},
        BadCsv{"missing_column", "a,c\n1,2\n", "FILE: no column b; the header has a, c"},
        BadCsv{"header_of_a_blank_line", "\n1,2\n", "FILE: no column b; the header has x0, x1"},
        BadCsv{"empty", "", "FILE: empty; a header line and rows are expected"},
        BadCsv{"header_only", "a,b\n", "FILE: no rows after the header"},
        BadCsv{"header_without_newline", "a,b", "FILE: no rows after the header"}),
    [](const auto& test) { return test.param.name; });

TEST(Csv, MissingFileIsAnError) {
  const TemporaryFolder folder;
  const auto path = folder / "nowhere.csv";
  EXPECT_EQ(user_error([&] { read_csv(path); }), path.string() + ": cannot be opened for reading");
}

TEST(Csv, FolderIsAnError) {
  const TemporaryFolder folder;
  EXPECT_EQ(user_error([&] { read_csv(folder.path()); }),
            folder.path().string() + ": a folder; give a file in it");
}

class GoodCsvFile : public ::testing::TestWithParam<const char*> {};

TEST_P(GoodCsvFile, IsRead) {
  const TemporaryFolder folder;
  const auto table = read_csv(folder.write("points.csv", GetParam()));
  EXPECT_EQ(table.header, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.number(0, 0), 1.5);
  EXPECT_EQ(table.number(1, 1), -4e-3);
}

INSTANTIATE_TEST_SUITE_P(Forms, GoodCsvFile,
                         ::testing::Values("a,b\n1.5,2\n3,-4e-3\n",        // plain
                                           "a,b\n1.5,2\n3,-4e-3",          // no newline at the end
                                           "a,b\r\n1.5,2\r\n3,-4e-3\r\n",  // CRLF
                                           "\xef\xbb\xbf"
                                           "a,b\n1.5,2\n3,-4e-3\n",  // byte order mark
                                           "\xef\xbb\xbf"
                                           "a,b\r\n1.5,2\r\n3,-4e-3",          // all of these
                                           " a ,\tb\n 1.5, 2 \n3 ,\t-4e-3\n",  // blanks around fields
                                           "a,b\n\n1.5,2\n \n3,-4e-3\n\n",     // blank lines
                                           "a,b\r\n1.5,2\r\n\r\n3,-4e-3\r\n\r\n",
                                           "a,b\n1.5,\" 2\"\n3,-4e-3\n",  // a blank within quotes
                                           "\"a\", \"b\" \r\n1.5,\"2\"\r\n\"3\",\"-4e-3\""));  // quotes

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  const TemporaryFolder folder;
  const auto table =
      read_csv(folder.write("t.csv", "\"a,b\",c\n\"say \"\"x\"\"\",\"one\r\ntwo\"\n\"\", d \n"));
  EXPECT_EQ(table.header, (std::vector<std::string>{"a,b", "c"}));
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"say \"x\"", "one\r\ntwo"}));
  EXPECT_EQ(table.rows[1], (std::vector<std::string>{"", "d"}));
  EXPECT_EQ(table.lines, (std::vector<std::size_t>{2, 4}));
}

TEST(CsvReader, WithoutAHeaderColumnsAreNumbered) {
  CsvReader reader("p.csv", "1,2,3\n4,5,6\n", {.header = "false"});
  EXPECT_EQ(reader.header(), (std::vector<std::string>{"x0", "x1", "x2"}));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(0), 1);
  EXPECT_EQ(reader.line(), 1U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(2), 6);
  EXPECT_EQ(reader.line(), 2U);
  EXPECT_FALSE(reader.next());
  CsvReader ragged("p.csv", "1,2,3\n4,5\n", {.header = "false"});
  ASSERT_TRUE(ragged.next());
  EXPECT_EQ(user_error([&] { ragged.next(); }), "p.csv:2: 2 fields, but the first row has 3");
  EXPECT_EQ(user_error([] { CsvReader("p.csv", "", {.header = "false"}); }),
            "p.csv: empty; rows are expected");
}

TEST(CsvReader, IsWhereItWasAfterAMove) {
  CsvReader first("p.csv", "a,b\n1,2\n3,4\n");
  ASSERT_TRUE(first.next());
  CsvReader second = std::move(first);
  EXPECT_EQ(second.number(1), 2);
  ASSERT_TRUE(second.next());
  EXPECT_EQ(second.number(0), 3);
  EXPECT_EQ(second.place(), "p.csv:3");
}

TEST(CsvReader, ASampleChangesNothing) {
  CsvReader reader("p.csv", "a,b\n1,2\n3,4\n");
  using Row = std::vector<std::string>;
  EXPECT_EQ(reader.sample(5), (std::vector<Row>{{"1", "2"}, {"3", "4"}}));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(0), 1);
}

TEST(CsvReader, ImpossibleDialectsAreErrors) {
  const auto message = [](const DialectOptions& options) {
    return user_error([&] { CsvReader("p.csv", "a,b\n1,2\n", options); });
  };
  EXPECT_EQ(message({.delimiter = "commas"}),
            "dataset.delimiter: expected auto, comma, semicolon, tab, pipe, blank or one character, found "
            "\"commas\"");
  EXPECT_EQ(
      message({.delimiter = "\""}),
      "dataset.delimiter: expected auto, comma, semicolon, tab, pipe, blank or one character, found \"\"\"");
  EXPECT_EQ(message({.decimal = "dot"}), "dataset.decimal: expected auto, point or comma, found \"dot\"");
  EXPECT_EQ(message({.skip = -1}), "dataset.skip: expected a number of lines >= 0, found -1");
  EXPECT_EQ(message({.header = "yes"}), "dataset.header: expected auto, true or false, found \"yes\"");
}

}  // namespace
}  // namespace ebm::testing
