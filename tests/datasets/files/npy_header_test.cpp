#include "dualebm/datasets/files/npy_header.hpp"

#include "tests/support/files.hpp"
#include "tests/support/npy.hpp"

namespace ebm::testing {
namespace {

const std::string six = raw<double>({0, 1, 2, 3, 4, 5});

std::string header_error(const std::string& bytes) {
  return user_error([&] { parse_npy_header(bytes, "p.npy"); });
}

// Written by numpy 1.24: numpy.save of numpy.arange(6.).reshape(3, 2), and of its float32 in version (3, 0).
TEST(NpyHeader, IsWhatNumpyWrites) {
  const auto header =
      parse_npy_header(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", six), "p");
  EXPECT_EQ(header.item_size, 8);
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(header.data_offset, 128U);
  for (const int version : {2, 3}) {
    const auto later =
        parse_npy_header(npy(dictionary("<f4", "(2, 1, 3)"), raw<float>({1, 2, 3, 4, 5, 6}), version), "p");
    EXPECT_EQ(later.item_size, 4);
    EXPECT_EQ(later.columns(), 3);
    EXPECT_EQ(later.data_offset, 128U);
  }
}

TEST(NpyHeader, IsAnyPythonLiteral) {
  const auto header =
      parse_npy_header(npy(R"({"shape":(3L,2L),"fortran_order":False,"descr":"<f8"})", six), "p");
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{3, 2}));
}

TEST(NpyHeader, EveryTypeOfRealNumbersIsKnown) {
  for (const auto* type : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}) {
    for (const char order : {'<', '>', '|', '='}) {
      const auto size = static_cast<std::size_t>(type[1] - '0');
      const auto header = parse_npy_header(
          npy(dictionary(order + std::string(type), "(3, 2)"), std::string(6 * size, '\0')), "p");
      EXPECT_EQ(header.kind, type[0]);
      EXPECT_EQ(header.item_size, static_cast<std::int64_t>(size));
      EXPECT_EQ(header.big_endian, order == '>' && size > 1);
      EXPECT_EQ(header.is_plain(), order != '>' && type[0] == 'f' && size >= 4) << type;
    }
  }
}

TEST(NpyHeader, OneSideIsAColumnAndHasNoOrder) {
  const auto header = parse_npy_header(npy(dictionary("<f8", "(6,)", "True"), six), "p");
  EXPECT_EQ(header.rows(), 6);
  EXPECT_EQ(header.columns(), 1);
  EXPECT_TRUE(header.is_plain());
  EXPECT_FALSE(parse_npy_header(npy(dictionary("<f8", "(3, 2)", "True"), six), "p").is_plain());
}

TEST(NpyHeader, WhatIsNoArrayOfRealNumbersIsAnError) {
  EXPECT_EQ(header_error(npy(dictionary("|O", "(3, 2)"), "pickle")),
            "p.npy: an array of Python objects (dtype \"|O\"); real numbers or booleans are needed: "
            "a.astype(\"<f8\")");
  for (const auto& [type, what] :
       std::vector<std::pair<const char*, const char*>>{{"<c16", "complex numbers"},
                                                        {"<U5", "texts"},
                                                        {"|S5", "texts"},
                                                        {"<M8[ns]", "dates or times"},
                                                        {"<m8[s]", "dates or times"},
                                                        {"|V16", "an array of records"},
                                                        {"<f16", "floating numbers longer than float64"},
                                                        {"<i3", "no numbers"},
                                                        {"", "no numbers"},
                                                        {"<", "no numbers"}}) {
    expect_contains(header_error(npy(dictionary(type, "(3, 2)"), six)), std::string("p.npy: ") + what);
  }
  expect_contains(
      header_error(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3, 2), }", six)),
      "an array of records");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "()"), raw<double>({1}))),
            "p.npy: a single number; rows of points are needed");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(0, 2)"), "")),
            "p.npy: has shape (0, 2): there are no points in it");
}

TEST(NpyHeader, HeadersThatLieAreErrors) {
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(4, 2)"), six)),
            "p.npy: truncated: shape (4, 2) of float64 needs more than the 48 bytes of data");
  EXPECT_EQ(header_error(npy(dictionary("<f8", "(2, 2)"), six)),
            "p.npy: shape (2, 2) of float64 takes 32 bytes, the file has 48");
  // 2^32 · 2^32 · 8 is 0 in 64 bits, and 3 · 2^61 · 8 too.
  expect_contains(header_error(npy(dictionary("<f8", "(4294967296, 4294967296)"), "")), "truncated: shape");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2305843009213693952)"), six)), "truncated: shape");
  expect_contains(header_error(npy(dictionary("<f8", "(99999999999999999999, 2)"), six)),
                  "a length of the shape");
  expect_contains(header_error(npy(dictionary("<f8", "(-3, -2)"), six)), "a length of the shape");
}

TEST(NpyHeader, DamagedHeadersAreErrors) {
  EXPECT_EQ(header_error(""), "p.npy: not a NumPy .npy file");
  EXPECT_EQ(header_error("PK\x03\x04"), "p.npy: not a NumPy .npy file");
  const auto whole = npy(dictionary("<f8", "(3, 2)"), six);
  for (std::size_t length = 6; length < 128; ++length) {
    EXPECT_EQ(header_error(whole.substr(0, length)), "p.npy: the .npy file ends within its header") << length;
  }
  auto version = whole;
  version[6] = 4;
  EXPECT_EQ(header_error(version), "p.npy: .npy format 4.0 is not known; 1.0 to 3.0 are");
  EXPECT_EQ(
      header_error(npy("{'descr': '<f8', 'shape': (3, 2)}", six)),
      "p.npy: the .npy header is damaged: expected descr, fortran_order and shape, each once, found \"\"");
  expect_contains(header_error(npy("{'descr': '<f8', 'descr': '<f8'}", six)), "each once");
  expect_contains(header_error(npy("{'descr': '<f8", six)), "expected a closed string");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2"), six)), "expected");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2)", "0"), six)),
                  "expected True or False, found \"0");
  expect_contains(header_error(npy(dictionary("<f8", "(3, 2)") + "x", six)),
                  "expected nothing more, found \"x");
  auto unaligned = whole;
  unaligned.erase(127, 1);
  unaligned[8] -= 1;
  EXPECT_FALSE(parse_npy_header(unaligned, "p").is_plain());  // read number by number
}

}  // namespace
}  // namespace ebm::testing
