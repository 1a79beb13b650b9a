#include "dualebm/framework/storage/safetensors.hpp"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "dualebm/framework/export/weights.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A file with this header and so many bytes of data.
std::string file_of(const std::string& header, std::size_t bytes) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + std::string(bytes, '\1');
}

std::string refusal(const std::string& header, std::size_t bytes) {
  const auto message = user_error([&] { safetensors_from(file_of(header, bytes), "file"); });
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

// The bytes of the format's own documentation: little-endian length, offsets from the end of the header.
TEST(Safetensors, ReadsAFileWrittenByHand) {
  const auto content = safetensors_from(
      file_of(R"({"__metadata__":{"a":"b"},"x":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]},)"
              R"("y":{"dtype":"I16","shape":[],"data_offsets":[6,8]}}   )",
              8),
      "file");
  EXPECT_EQ(content.metadata.at("a"), "b");
  ASSERT_EQ(content.tensors.size(), 2u);
  EXPECT_TRUE(content.tensors[0].second.equal(torch::ones({2, 3}, torch::kByte)));
  EXPECT_EQ(content.tensors[1].second.item<std::int16_t>(), 257);
}

TEST(Safetensors, EveryDtypeAndShapeComesBackBitForBit) {
  Safetensors content;
  content.metadata = {{"né", "\"quoted\"\n"}, {"empty", ""}};
  for (const auto type : {torch::kBool, torch::kByte, torch::kChar, torch::kShort, torch::kHalf,
                          torch::kBFloat16, torch::kInt, torch::kFloat, torch::kLong, torch::kDouble}) {
    content.tensors.emplace_back(std::string("t.") + c10::toString(type),
                                 torch::arange(6).reshape({2, 3}).to(type).t());
  }
  content.tensors.emplace_back("scalar", torch::tensor(2.5));
  content.tensors.emplace_back("none", torch::zeros({0, 4}));
  const auto bytes = to_bytes(content);
  const auto copy = safetensors_from(bytes, "file");
  EXPECT_EQ(copy.metadata, content.metadata);
  ASSERT_EQ(copy.tensors.size(), content.tensors.size());
  const std::map<std::string, torch::Tensor> found(copy.tensors.begin(), copy.tensors.end());
  for (const auto& [name, tensor] : content.tensors) EXPECT_TRUE(found.at(name).equal(tensor)) << name;
  const auto header = static_cast<unsigned char>(bytes[0]) + 256 * static_cast<unsigned char>(bytes[1]);
  EXPECT_EQ(header % 8, 0) << "data begin at a multiple of 8";
}

TEST(Safetensors, ABadFileIsOneLineThatSaysWhatIsWrong) {
  const std::string entry = R"("x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(safetensors_from(file_of("{" + entry + "}", 8), "file").tensors.size(), 1u);
  expect_contains(refusal("{" + entry + "}", 7),
                  "cut short or extended: 7 bytes of data, its tensors have 8");
  expect_contains(refusal("{" + entry + "}", 9), "cut short or extended");
  expect_contains(refusal("{" + entry + "," + entry + "}", 8), "key \"x\" twice");
  expect_contains(refusal("[1]", 0), "no JSON object");
  expect_contains(refusal("{\"x\":", 0), "no JSON");
  expect_contains(refusal(std::string(100000, '['), 0), "nested too deeply");
  expect_contains(refusal(R"({"x":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}})", 8),
                  "dtype \"F4\" is not known");
  expect_contains(refusal(R"({"x\n":{"dtype":"F64 I64","shape":[1],"data_offsets":[0,8]}})", 8),
                  "\"x\\x0a\": dtype");
  expect_contains(refusal(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), "do not fit");
  expect_contains(refusal(R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), "shape holds -2");
  expect_contains(refusal(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), "do not fit");
  expect_contains(refusal(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12),
                  "begins at byte 4");
  expect_contains(refusal(R"({"x":{"dtype":"F32","shape":[2]}})", 8),
                  "expected dtype, shape and two data_offsets");
  // 2^62 · 2^2 numbers of 4 bytes wrap to 0 bytes in 64 bits.
  expect_contains(refusal(R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
                  "do not fit");
  expect_contains(refusal(R"({"__metadata__":{"a":1}})", 0), "\"a\" is no string");
  expect_contains(user_error([] { safetensors_from("short", "file"); }), "5 bytes");
  expect_contains(user_error([] { safetensors_from(std::string(8, '\xff') + "{}", "file"); }), "cut short");
  expect_contains(user_error([] { read_safetensors("/absent"); }), "/absent: cannot be opened");
}

TEST(Safetensors, AnExportHoldsTheWeightsAndWhatTheyAre) {
  const TemporaryFolder folder;
  Random random(1, "safetensors_test");
  Shallow energy(on_sphere(3, torch::kFloat, random), {.neurons = 5});
  export_safetensors(folder / "m", {.energy = energy,
                                    .domain = Sphere(3),
                                    .description = std::make_shared<const Json>(Json{{"log_z", 0.5}})});
  const auto content = read_safetensors(folder / "m");
  ASSERT_EQ(content.tensors.size(), 3u);
  const std::map<std::string, torch::Tensor> found(content.tensors.begin(), content.tensors.end());
  EXPECT_TRUE(found.at("energy.neurons").equal(energy.neurons().positions));
  EXPECT_TRUE(found.at("energy.signs").equal(energy.neurons().signs));
  const auto description = Json::parse(content.metadata.at(description_name));
  EXPECT_EQ(description["log_z"], 0.5);
  EXPECT_EQ(description["domain"], "sphere");
}

}  // namespace
}  // namespace ebm::testing
