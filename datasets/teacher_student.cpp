#include "datasets/teacher_student.hpp"

#include <nlohmann/json.hpp>

#include "datasets/rejection.hpp"
#include "framework/error.hpp"

namespace ebm {

void TeacherStudent::describe(Fields& fields) {
  fields.integer("train", train, Range::at_least(1), "number n of training points");
  fields.integer("validation", validation, Range::at_least(0), "number of validation points");
  fields.integer("test", test, Range::at_least(0), "number of test points");
  fields.section("teacher", teacher,
                 "the energy that the points come from: an energy section with a lower bound");
}

Dataset TeacherStudent::make(std::shared_ptr<Energy> energy, const Domain& domain, Random& random) const {
  require(energy != nullptr, "dataset.teacher: missing; give the energy that the points come from");
  const auto points = sample_by_rejection(*energy, domain, train + validation + test, random);
  const auto part = [&](std::int64_t begin, std::int64_t count) {
    return count == 0 ? torch::Tensor() : points.narrow(0, begin, count).clone();
  };
  return {.train = part(0, train),
          .validation = part(train, validation),
          .test = part(train + validation, test),
          .teacher = std::move(energy)};
}

}  // namespace ebm
