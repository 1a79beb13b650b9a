#include "dualebm/datasets/files/text_number.hpp"

#include <cmath>
#include <limits>

#include "dualebm/framework/base/printable.hpp"
#include "tests/support/files.hpp"

namespace ebm::testing {
namespace {

TEST(TextNumber, IsTheNearestDouble) {
  EXPECT_EQ(number_of("0.1"), 0.1);
  EXPECT_EQ(number_of("2.2250738585072014e-308"), std::numeric_limits<double>::min());
  EXPECT_EQ(number_of("4.9406564584124654e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(number_of("1.5e-310"), 1.5e-310);
  EXPECT_EQ(number_of("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(number_of("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(*number_of("-1e-400")));
  EXPECT_FALSE(number_of("1e309"));
}

TEST(TextNumber, FormsOfFortranAndOfPrint) {
  EXPECT_EQ(number_of("+1.5"), 1.5);
  EXPECT_EQ(number_of("1.5D+02"), 150.0);
  EXPECT_EQ(number_of("1.5d-2"), 0.015);
  EXPECT_EQ(number_of("\xe2\x88\x92"
                      "1D\xe2\x88\x92"
                      "1"),
            -0.1);
  EXPECT_EQ(number_of("\xc2\xa0 7\t"), 7.0);
  EXPECT_EQ(number_of("1,5", true), 1.5);
  EXPECT_EQ(number_of("-12", true), -12.0);
}

TEST(TextNumber, IsNothingElse) {
  for (const auto* text :
       {"",    " ",   "+",   "-",   "e5",  "D5",  "1D",    "d",     "1e",           "1 2",   "1,5",     "0x1",
        "0b1", "inf", "nan", "+-1", "++1", "--1", "1.2.3", "1e5e5", "\xe2\x88\x92", "1_000", "\xd9\xa1"}) {
    EXPECT_FALSE(number_of(text)) << text;
  }
  for (const auto* text : {"1.5", ",5", "1,", "1,2,3", "1.000,5", "1, 5"})
    EXPECT_FALSE(number_of(text, true)) << text;
}

// What a reader of the message could not tell from an ASCII blank or minus, or not see at all, is spelt.
TEST(Printable, SpellsWhatLooksLikeSomethingElse) {
  EXPECT_EQ(printable("1\xc2\xa0"
                      "2"),
            "1\\u00a02");
  EXPECT_EQ(printable("\xe2\x88\x92"
                      "1"),
            "\\u22121");
  EXPECT_EQ(printable("\xef\xbb\xbf"
                      "a"),
            "\\ufeffa");
  EXPECT_EQ(printable("caf\xc3\xa9 \xe6\xb1\x89 \xf0\x9f\x8c\x8b"),
            "caf\xc3\xa9 \xe6\xb1\x89 \xf0\x9f\x8c\x8b");
  EXPECT_EQ(printable("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(printable("\xc3"), "\\xc3");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half a character of UTF-16
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");  // a command to a terminal
}

}  // namespace
}  // namespace ebm::testing
