#include "dualebm/datasets/table_format.hpp"

namespace ebm {

void TableFormat::describe(Fields& fields) {
  fields.text("delimiter", delimiter,
              "auto, comma, semicolon, tab, pipe, blank (runs of blanks) or a character");
  fields.choice("decimal", decimal, {"auto", "point", "comma"}, "how fractions are written: 1.5 or 1,5");
  fields.text("comment", comment,
              "what a line of comment begins with; auto: #, % or //; none: there are none");
  fields.integer("skip", skip, Range::at_least(0), "lines before the table that are not read");
  fields.choice("header", header, {"auto", "true", "false"},
                "whether the first row names the columns; otherwise they are x0, x1, ...");
  fields.choice("missing", missing, {"error", "drop"},
                "what becomes of a row with a gap: empty, ?, NA, NaN, null, -, ...");
}

}  // namespace ebm
