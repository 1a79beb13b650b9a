#include "dualebm/datasets/files/npy_header.hpp"

#include <fmt/ranges.h>

#include <charconv>
#include <limits>
#include <optional>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// Reads the Python literal {'descr': '<f8', 'fortran_order': False, 'shape': (10, 2), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const auto key = string();
      expect(':');
      if (key == "descr" && !descr) {
        require_plain_type();
        descr = string();
      } else if (key == "fortran_order" && !fortran_order) {
        fortran_order = boolean();
      } else if (key == "shape" && !shape) {
        shape = tuple();
      } else {
        wrong("descr, fortran_order and shape, each once");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (place_ != text_.size()) wrong("nothing more");
    if (!descr || !fortran_order || !shape) wrong("descr, fortran_order and shape, each once");
  }

  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;

 private:
  [[noreturn]] void wrong(std::string_view expected) const {
    fail("{}: the .npy header is damaged: expected {}, found \"{}\"", name_, expected,
         printable(text_.substr(place_), 20));
  }

  void skip_blanks() {
    while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n')) ++place_;
  }

  bool accept(char character) {
    skip_blanks();
    if (place_ == text_.size() || text_[place_] != character) return false;
    ++place_;
    return true;
  }

  void expect(char character) {
    if (!accept(character)) wrong(fmt::format("\"{}\"", character));
  }

  std::string string() {
    skip_blanks();
    const char quote = place_ < text_.size() ? text_[place_] : '\0';
    if (quote != '\'' && quote != '"') wrong("a string");
    const auto end = text_.find(quote, place_ + 1);
    if (end == std::string_view::npos) wrong("a closed string");
    std::string value(text_.substr(place_ + 1, end - place_ - 1));
    place_ = end + 1;
    return value;
  }

  bool boolean() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(place_).starts_with(word)) {
        place_ += word.size();
        return word == "True";
      }
    }
    wrong("True or False");
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> values;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::int64_t value = 0;
      const auto rest = text_.substr(place_);
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
      if (error != std::errc() || value < 0) wrong("a length of the shape");
      place_ += static_cast<std::size_t>(end - rest.data());
      accept('L');  // written by Python 2
      values.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  void require_plain_type() {
    if (accept('['))
      fail("{}: an array of records; save one of its fields, or a plain array of numbers", name_);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t place_ = 0;
};

/// Kind, size and order of bytes of a type: "<f8".
void read_type(const std::string& descr, const std::string& name, NpyHeader& header) {
  const bool ordered = !descr.empty() && std::string_view("<>=|").find(descr[0]) != std::string_view::npos;
  const auto type = descr.substr(ordered ? 1 : 0);
  for (const char* known : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}) {
    if (type != known) continue;
    header.kind = type[0];
    header.item_size = type[1] - '0';
    header.big_endian = descr[0] == '>' && header.item_size > 1;
    return;
  }
  const char kind = type.empty() ? '?' : type[0];
  const char* what = kind == 'O'                  ? "an array of Python objects"
                     : kind == 'c'                ? "complex numbers"
                     : kind == 'U' || kind == 'S' ? "texts"
                     : kind == 'M' || kind == 'm' ? "dates or times"
                     : kind == 'V'                ? "an array of records"
                     : kind == 'f'                ? "floating numbers longer than float64"
                                                  : "no numbers that are known here";
  fail("{}: {} (dtype \"{}\"); real numbers or booleans are needed: a.astype(\"<f8\")", name, what,
       printable(descr));
}

/// The bytes before the dictionary, and its length: "\x93NUMPY", version, and 2 or 4 bytes of length.
std::pair<std::size_t, std::size_t> dictionary_at(std::string_view bytes, const std::string& name) {
  require(bytes.starts_with("\x93NUMPY"), "{}: not a NumPy .npy file", name);
  const auto byte = [&](std::size_t at) -> std::size_t {
    require(at < bytes.size(), "{}: the .npy file ends within its header", name);
    return static_cast<unsigned char>(bytes[at]);
  };
  const auto version = byte(6);
  require(version >= 1 && version <= 3 && byte(7) == 0, "{}: .npy format {}.{} is not known; 1.0 to 3.0 are",
          name, version, byte(7));
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = 0;
  for (std::size_t at = start; at-- > 8;) length = length << 8 | byte(at);
  require(length <= bytes.size() - start, "{}: the .npy file ends within its header", name);
  return {start, length};
}

}  // namespace

std::int64_t NpyHeader::columns() const {
  std::int64_t product = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) product *= shape[axis];
  return product;
}

bool NpyHeader::is_plain() const {
  const bool single_or_double = kind == 'f' && item_size >= 4;
  return single_or_double && !big_endian && !fortran_order &&
         data_offset % static_cast<std::size_t>(item_size) == 0;
}

std::string NpyHeader::type() const {
  if (kind == 'b') return "bool";
  return fmt::format("{}{}", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", 8 * item_size);
}

NpyHeader parse_npy_header(std::string_view bytes, const std::string& name) {
  const auto [start, length] = dictionary_at(bytes, name);
  HeaderParser parser(bytes.substr(start, length), name);
  parser.parse();
  NpyHeader header{.shape = *parser.shape, .data_offset = start + length};
  read_type(*parser.descr, name, header);
  const auto& shape = header.shape;
  header.fortran_order = *parser.fortran_order && shape.size() > 1;
  const auto shown = fmt::format("({})", fmt::join(shape, ", "));
  require(!shape.empty(), "{}: a single number; rows of points are needed", name);
  for (const auto side : shape) require(side > 0, "{}: has shape {}: there are no points in it", name, shown);
  // As long as the product stays within the file nothing overflows.
  const auto found = static_cast<std::int64_t>(bytes.size() - header.data_offset);
  std::int64_t needed = header.item_size;
  for (const auto side : shape) {
    require(needed <= found / side, "{}: truncated: shape {} of {} needs more than the {} bytes of data",
            name, shown, header.type(), found);
    needed *= side;
  }
  require(needed == found, "{}: shape {} of {} takes {} bytes, the file has {}", name, shown, header.type(),
          needed, found);
  return header;
}

}  // namespace ebm
