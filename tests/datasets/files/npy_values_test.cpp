#include "dualebm/datasets/files/npy_values.hpp"

#include <cmath>

#include "tests/support/files.hpp"
#include "tests/support/npy.hpp"

namespace ebm::testing {
namespace {

std::vector<double> values_of(const std::string& type, const std::string& shape, const std::string& data,
                              bool fortran = false) {
  const auto bytes = npy(dictionary(type, shape, fortran ? "True" : "False"), data);
  return npy_values(bytes, parse_npy_header(bytes, "p.npy"), "p.npy");
}

std::string reversed(std::string bytes, std::size_t size) {
  for (std::size_t at = 0; at < bytes.size(); at += size)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  return bytes;
}

/// Both orders of bytes.
template <class Number>
void expect_values(const std::string& type, const std::vector<Number>& numbers) {
  const std::vector<double> expected(numbers.begin(), numbers.end());
  const auto shape = "(" + std::to_string(numbers.size()) + ",)";
  EXPECT_EQ(values_of("<" + type, shape, raw(numbers)), expected) << type;
  EXPECT_EQ(values_of(">" + type, shape, reversed(raw(numbers), sizeof(Number))), expected) << type;
}

TEST(NpyValues, EveryTypeInBothOrdersOfBytes) {
  expect_values<float>("f4", {1.5F, -2.25F, 1e-45F});
  expect_values<double>("f8", {0.1, -1e300, 5e-324});
  expect_values<std::int8_t>("i1", {-128, -1, 0, 127});
  expect_values<std::int16_t>("i2", {-32768, -1, 258});
  expect_values<std::int32_t>("i4", {-2147483647 - 1, -1, 65538});
  expect_values<std::int64_t>("i8", {-(std::int64_t{1} << 53), -1, std::int64_t{1} << 62});
  expect_values<std::uint8_t>("u1", {0, 128, 255});
  expect_values<std::uint16_t>("u2", {0, 65535});
  expect_values<std::uint32_t>("u4", {0, 4294967295U});
  expect_values<std::uint64_t>("u8", {0, std::uint64_t{1} << 63});
  EXPECT_EQ(values_of("|b1", "(3,)", std::string("\0\1\1", 3)), (std::vector<double>{0, 1, 1}));
}

// IEEE 754 binary16: 1, -2, the largest, the least normal and the least denormal number, -0.
TEST(NpyValues, HalfPrecision) {
  const auto values =
      values_of("<f2", "(6,)", raw<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000}));
  EXPECT_EQ(values, (std::vector<double>{1, -2, 65504, std::ldexp(1, -14), std::ldexp(1, -24), 0}));
  EXPECT_TRUE(std::signbit(values[5]));
  const auto others = values_of("<f2", "(2,)", raw<std::uint16_t>({0xfc00, 0x7e00}));
  EXPECT_EQ(others[0], -INFINITY);
  EXPECT_TRUE(std::isnan(others[1]));
}

TEST(NpyValues, FortranOrderIsPutIntoRows) {
  EXPECT_EQ(values_of("<f8", "(3, 2)", raw<double>({0, 2, 4, 1, 3, 5}), true),
            (std::vector<double>{0, 1, 2, 3, 4, 5}));
  // numpy.arange(12).reshape(2, 3, 2) written in Fortran order
  EXPECT_EQ(values_of("<i4", "(2, 3, 2)", raw<std::int32_t>({0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}), true),
            (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(NpyValues, IntegersThatNoDoubleHoldsAreErrors) {
  EXPECT_EQ(user_error([] {
              values_of("<i8", "(2, 2)", raw<std::int64_t>({1, 2, 3, (std::int64_t{1} << 53) + 1}));
            }),
            "p.npy: row 1, number 1 of it (from 0) is an integer that no double can hold; take differences "
            "to a number near it");
  EXPECT_NE(user_error([] { values_of("<u8", "(1,)", raw<std::uint64_t>({~std::uint64_t{0}})); }), "");
  EXPECT_NE(user_error([] { values_of("<i8", "(1,)", raw<std::int64_t>({INT64_MAX})); }), "");
  EXPECT_EQ(values_of("<i8", "(1,)", raw<std::int64_t>({INT64_MIN})),
            (std::vector<double>{-9223372036854775808.0}));
}

TEST(NpyValues, NotFiniteIsAnErrorByItsRow) {
  const std::vector<double> numbers = {0, 1, 2, INFINITY};
  EXPECT_EQ(user_error([&] { require_finite(numbers.data(), numbers.size(), 10, 2, "p"); }),
            "p: row 6, number 1 of it (from 0) is inf");
}

}  // namespace
}  // namespace ebm::testing
