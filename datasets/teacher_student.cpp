#include "dualebm/datasets/teacher_student.hpp"

#include "dualebm/datasets/rejection.hpp"
#include "dualebm/datasets/split.hpp"

namespace ebm {
namespace {

torch::Tensor samples(const DatasetContext& context, std::int64_t count) {
  require(context.teacher != nullptr, "dataset.teacher: missing; give the energy that the points come from");
  return sample_by_rejection(*context.teacher, *context.domain, count, context.random);
}

}  // namespace

void TeacherStudentOptions::describe(Fields& fields) {
  fields.integer("train", train, Range::at_least(1), "number n of training points");
  fields.integer("validation", validation, Range::at_least(0), "number of validation points");
  fields.integer("test", test, Range::at_least(0), "number of test points");
  fields.section("teacher", teacher,
                 "the energy that the points come from: an energy section with a lower bound");
}

Dataset draw_from_teacher(const DatasetContext& context, const TeacherStudentOptions& given) {
  const auto options = checked(given, "teacher_student");
  const auto points = samples(context, options.train + options.validation + options.test);
  auto parts = parts_of(points, options.train, options.validation);
  parts.teacher = context.teacher;
  return parts;
}

}  // namespace ebm
