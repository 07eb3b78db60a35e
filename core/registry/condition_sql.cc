#include "core/registry/condition_sql.h"

#include <fmt/core.h>

#include <iterator>
#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/query/time_range.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

const char* sign_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::equal:
      return "=";
    case Comparison::not_equal:
      return "!=";
    case Comparison::less:
      return "<";
    case Comparison::less_equal:
      return "<=";
    case Comparison::greater:
      return ">";
    case Comparison::greater_equal:
      return ">=";
    case Comparison::contains:
      return "~";
  }
  return "";
}

bool is_equality(Comparison comparison) {
  return comparison == Comparison::equal || comparison == Comparison::not_equal;
}

const std::string& text_of(const Condition& condition) { return condition.text; }

std::optional<double> number_of(const Condition& condition) {
  if (const auto* number = std::get_if<double>(&condition.value)) return *number;
  return parse_number(std::get<std::string>(condition.value));
}

[[noreturn]] void fail(const Field& field, const Condition& condition, std::string_view problem,
                       std::string hint) {
  throw Error(ErrorKind::usage,
              fmt::format("in the filter, {} {} '{}': {}", field.name,
                          sign_of(condition.comparison), text_of(condition), problem),
              std::move(hint));
}

SqlTest compare(const std::string& value, Comparison comparison, SqlValue with) {
  return {fmt::format("{} {} ?", value, sign_of(comparison)), {std::move(with)}};
}

SqlTest test_contains(const std::string& value, const Condition& condition) {
  return {fmt::format("instr(lower({}), ?) > 0", value), {lower(text_of(condition))}};
}

SqlTest test_text(const std::string& value, const Condition& condition) {
  if (condition.comparison == Comparison::contains) return test_contains(value, condition);
  return compare(value, condition.comparison, text_of(condition));
}

SqlTest test_number(const Field& field, const Condition& condition, const std::string& value) {
  const auto number = number_of(condition);
  if (!number || condition.comparison == Comparison::contains) {
    fail(field, condition, "its values are numbers",
         fmt::format("a hyperparameter of the same name is hyperparameters.{}", field.name));
  }
  return compare(value, condition.comparison, *number);
}

// Numbers and texts are compared with their own kind only. SQLite orders all numbers before all
// texts, and '' is the first text.
SqlTest test_any(const Field& field, const Condition& condition, const std::string& value) {
  if (condition.comparison == Comparison::contains) return test_contains(value, condition);
  const auto number = number_of(condition);
  if (!number && field.has_only && field.has_only(Field::Kind::numbers)) {
    fail(field, condition, "its values are numbers", "");
  }
  if (number && !is_equality(condition.comparison) && field.has_only &&
      field.has_only(Field::Kind::texts)) {
    fail(field, condition, "its values are texts", "a text in quotes, or = != or ~, finds them");
  }
  if (is_equality(condition.comparison)) {
    if (!number) return compare(value, condition.comparison, text_of(condition));
    const char* sign = condition.comparison == Comparison::equal ? "IN" : "NOT IN";
    return {fmt::format("{} {} (?, ?)", value, sign), {*number, text_of(condition)}};
  }
  SqlTest test = number ? compare(value, condition.comparison, *number)
                        : compare(value, condition.comparison, text_of(condition));
  const bool goes_up = condition.comparison == Comparison::greater ||
                       condition.comparison == Comparison::greater_equal;
  if (number && goes_up) test.sql += fmt::format(" AND {} < ''", value);
  if (!number && !goes_up) test.sql += fmt::format(" AND {} >= ''", value);
  return test;
}

SqlTest test_time(const Field& field, const Condition& condition, const std::string& value) {
  const auto range = parse_time_range(text_of(condition));
  if (!range) {
    fail(field, condition, "this is not a date", "write it like 2026-01-31 or '2026-01-31 12:00'");
  }
  const auto at = [&](const char* sign, std::int64_t ms) {
    return SqlTest{fmt::format("{} {} ?", value, sign), {ms}};
  };
  switch (condition.comparison) {
    case Comparison::equal:
      return {fmt::format("{0} >= ? AND {0} < ?", value), {range->begin_ms, range->end_ms}};
    case Comparison::not_equal:
      return {fmt::format("({0} < ? OR {0} >= ?)", value), {range->begin_ms, range->end_ms}};
    case Comparison::less:
      return at("<", range->begin_ms);
    case Comparison::less_equal:
      return at("<", range->end_ms);
    case Comparison::greater:
      return at(">=", range->end_ms);
    case Comparison::greater_equal:
      return at(">=", range->begin_ms);
    case Comparison::contains:
      break;
  }
  fail(field, condition, "its values are dates", "compare them with = != < <= > or >=");
}

SqlTest test_duration(const Field& field, const Condition& condition, const std::string& value) {
  auto seconds = number_of(condition);
  if (!seconds) seconds = parse_duration(text_of(condition));
  if (!seconds || condition.comparison == Comparison::contains) {
    fail(field, condition, "its values are durations", "write them in seconds or like 1h30m");
  }
  return compare(value, condition.comparison, *seconds);
}

SqlTest test_status(const Field& field, const Condition& condition, const std::string& value) {
  if (condition.comparison == Comparison::contains) return test_contains(value, condition);
  const auto status = status_from_name(text_of(condition));
  if (!status || !is_equality(condition.comparison)) {
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(Status::abnormal); ++i) {
      names.emplace_back(name_of(static_cast<Status>(i)));
    }
    fail(field, condition, status ? "a status is compared with = or !=" : "no such status",
         name_hint(text_of(condition), names));
  }
  return compare(value, condition.comparison, std::string(name_of(*status)));
}

SqlTest test_version(const Field& field, const Condition& condition, const std::string& value) {
  auto number = number_of(condition);
  if (!number) {
    if (const auto parsed = parse_version_number(text_of(condition))) {
      number = static_cast<double>(*parsed);
    }
  }
  if (!number || condition.comparison == Comparison::contains) {
    fail(field, condition, "this is not a version's number", "write it like 3 or V0003");
  }
  return compare(value, condition.comparison, *number);
}

// JOB@3 finds JOB@V0003.
SqlTest test_reference(const std::string& value, const Condition& condition) {
  std::string text = text_of(condition);
  const std::size_t at = text.find('@');
  if (is_equality(condition.comparison) && at != std::string::npos) {
    if (const auto number = parse_version_number(std::string_view(text).substr(at + 1))) {
      text = text.substr(0, at + 1) + version_label(*number);
    }
  }
  return test_text(value, {condition.field, condition.comparison, text, text});
}

struct RowTest {
  const Fields& fields;

  SqlTest operator()(const FilterNode& node) const {
    return std::visit([&](const auto& n) { return (*this)(n); }, node.node);
  }
  SqlTest operator()(const Condition& condition) const {
    const Field field = fields.find(condition.field);
    SqlTest test = test_of(field, condition, field.in_row);
    test.sql = "(" + test.sql + ")";
    return test;
  }
  SqlTest operator()(const AllOf& all) const { return joined(all.parts, " AND "); }
  SqlTest operator()(const AnyOf& any) const { return joined(any.parts, " OR "); }
  SqlTest operator()(const Not& negation) const {
    SqlTest test = (*this)(*negation.part);
    test.sql = "(" + test.sql + " IS NOT TRUE)";
    return test;
  }

  SqlTest joined(const std::vector<FilterPtr>& parts, const char* with) const {
    SqlTest all;
    for (const FilterPtr& part : parts) {
      SqlTest test = (*this)(*part);
      all.sql += (all.sql.empty() ? "(" : with) + test.sql;
      std::move(test.values.begin(), test.values.end(), std::back_inserter(all.values));
    }
    all.sql += ")";
    return all;
  }
};

}  // namespace

void SqlTest::bind_to(SQLite::Statement& statement) const {
  int index = 1;
  for (const SqlValue& value : values) {
    std::visit([&](const auto& v) { statement.bind(index++, v); }, value);
  }
}

SqlTest test_of(const Field& field, const Condition& condition, const std::string& value) {
  switch (field.type) {
    case FieldType::number:
      return test_number(field, condition, value);
    case FieldType::text:
      return test_text(value, condition);
    case FieldType::any:
      return test_any(field, condition, value);
    case FieldType::time:
      return test_time(field, condition, value);
    case FieldType::duration:
      return test_duration(field, condition, value);
    case FieldType::status:
      return test_status(field, condition, value);
    case FieldType::version:
      return test_version(field, condition, value);
    case FieldType::reference:
      return test_reference(value, condition);
  }
  throw Error(ErrorKind::bug, "a field of unknown type");
}

SqlTest row_test(const Fields& fields, const FilterNode& filter) { return RowTest{fields}(filter); }

}  // namespace mat
