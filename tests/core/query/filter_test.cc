#include "core/query/filter.h"

#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "core/base/error.h"

namespace mat {
namespace {

const char* sign(Comparison comparison) {
  constexpr const char* kSigns[] = {"=", "!=", "<", "<=", ">", ">=", "~"};
  return kSigns[static_cast<int>(comparison)];
}

// The tree as text with every group in brackets.
std::string shape(const FilterPtr& filter);

struct Shape {
  std::string operator()(const Condition& c) const {
    const auto* number = std::get_if<double>(&c.value);
    return c.field + sign(c.comparison) +
           (number ? fmt::format("{}", *number) : "'" + std::get<std::string>(c.value) + "'");
  }
  std::string operator()(const AllOf& all) const { return group("and", all.parts); }
  std::string operator()(const AnyOf& any) const { return group("or", any.parts); }
  std::string operator()(const Not& negation) const { return "[not " + shape(negation.part) + "]"; }

  static std::string group(const char* word, const std::vector<FilterPtr>& parts) {
    std::string text = fmt::format("[{}", word);
    for (const FilterPtr& part : parts) text += " " + shape(part);
    return text + "]";
  }
};

std::string shape(const FilterPtr& filter) {
  return filter ? std::visit(Shape(), filter->node) : "everything";
}

std::string parsed(const std::string& text) { return shape(parse_filter(text)); }

std::string problem(const std::string& text) {
  try {
    parse_filter(text);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    return e.message();
  }
  return "no error";
}

}  // namespace

TEST_CASE("A condition is a field, a comparison and a number, a word or a quoted text") {
  CHECK(parsed("accuracy > 0.9") == "accuracy>0.9");
  CHECK(parsed("lr<-1e-3") == "lr<-0.001");
  CHECK(parsed("a=1") == "a=1");
  CHECK(parsed("a==1") == "a=1");
  CHECK(parsed("a != 1") == "a!=1");
  CHECK(parsed("a <= 1") == "a<=1");
  CHECK(parsed("a >= 1") == "a>=1");
  CHECK(parsed("status = Failed") == "status='Failed'");
  CHECK(parsed("name ~ 'two words'") == "name~'two words'");
  CHECK(parsed("name ~ \"it's\"") == "name~'it's'");
  CHECK(parsed("seed = '7'") == "seed='7'");
  CHECK(parsed("a = ''") == "a=''");
  CHECK(parsed("hyperparameters.weight-decay_2 > 0") == "hyperparameters.weight-decay_2>0");
  CHECK(parsed("val/top1 > 0.5") == "val/top1>0.5");
  CHECK(parsed("created > 2026-01-31") == "created>'2026-01-31'");
  CHECK(parsed("parent = clothes@V0001") == "parent='clothes@V0001'");
  CHECK(parsed("a = inf") == "a='inf'");
}

TEST_CASE("'and' binds stronger than 'or', 'not' strongest, and parentheses change that") {
  CHECK(parsed("a=1 or b=2 and c=3") == "[or a=1 [and b=2 c=3]]");
  CHECK(parsed("(a=1 or b=2) and c=3") == "[and [or a=1 b=2] c=3]");
  CHECK(parsed("not a=1 and b=2") == "[and [not a=1] b=2]");
  CHECK(parsed("not (a=1 and b=2)") == "[not [and a=1 b=2]]");
  CHECK(parsed("not not a=1") == "[not [not a=1]]");
  CHECK(parsed("NOT a=1 AND b=2 Or c=3") == "[or [and [not a=1] b=2] c=3]");
  CHECK(parsed("((a=1))") == "a=1");
  CHECK(parsed("notes = x and order = y") == "[and notes='x' order='y']");
  CHECK(parsed("a=or or b=and") == "[or a='or' b='and']");
}

TEST_CASE("An empty filter lets everything through") {
  CHECK(parsed("") == "everything");
  CHECK(parsed(" \t\n") == "everything");
}

TEST_CASE("A filter that is wrong says in which column and shows the place") {
  CHECK(problem("accuracy") ==
        "the filter, column 9: a comparison (= != < <= > >= ~) is missing at its end");
  CHECK(problem("accuracy >") == "the filter, column 11: a value is missing at its end");
  CHECK(problem("lr > > 3") == "the filter, column 6: a value is missing at '> 3'");
  CHECK(problem("a=1 b=2") == "the filter, column 5: 'and' or 'or' is missing at 'b=2'");
  CHECK(problem("a=1 and") == "the filter, column 8: a field is missing at its end");
  CHECK(problem("and a=1") == "the filter, column 1: a field is missing at 'and a=1'");
  CHECK(problem("(a=1") == "the filter, column 1: this parenthesis is not closed at '(a=1'");
  CHECK(problem("a=1)") == "the filter, column 4: 'and' or 'or' is missing at ')'");
  CHECK(problem("a='x") == "the filter, column 3: this quotation mark is not closed at ''x'");
  CHECK(problem("a & b") ==
        "the filter, column 3: a comparison (= != < <= > >= ~) is missing at '& b'");
  CHECK(problem("not") == "the filter, column 4: a field is missing at its end");
  CHECK(problem("()") == "the filter, column 2: a field is missing at ')'");
}

TEST_CASE("Columns count characters, not bytes") {
  CHECK(problem("a = 'grün' ?") == "the filter, column 12: 'and' or 'or' is missing at '?'");
}

TEST_CASE("A long rest of a wrong filter is cut in the message") {
  CHECK(problem("! " + std::string(200, 'x')).size() < 120);
}

TEST_CASE("Nesting and length of a filter are limited") {
  const auto nested = [](int depth) {
    return std::string(depth, '(') + "a=1" + std::string(depth, ')');
  };
  CHECK(parsed(nested(90)) == "a=1");
  CHECK(problem(nested(200)).find("nested deeper than 100") != std::string::npos);
  std::string negated;
  for (int i = 0; i < 3000; ++i) negated += "not ";
  CHECK(problem(negated.substr(0, 9000) + "a=1").find("nested deeper") != std::string::npos);
  CHECK(problem(std::string(10'001, ' ')).find("longer than 10000 bytes") != std::string::npos);
  std::string wide = "a=1";
  while (wide.size() < 9'900) wide += " or a=1";
  CHECK(parsed(wide).find("[or") == 0);
}

TEST_CASE("A sort order is a list of fields with an optional direction") {
  const auto keys = parse_sort(" -accuracy, lr ,+hyperparameters.momentum");
  REQUIRE(keys.size() == 3);
  CHECK(keys[0].field == "accuracy");
  CHECK(keys[0].order == SortKey::Order::descending);
  CHECK(keys[1].field == "lr");
  CHECK(keys[1].order == SortKey::Order::natural);
  CHECK(keys[2].field == "hyperparameters.momentum");
  CHECK(keys[2].order == SortKey::Order::ascending);
  CHECK(parse_sort("").empty());
  CHECK(parse_sort("  ").empty());
}

TEST_CASE("A sort order that is wrong says where") {
  const auto problem = [](const std::string& text) -> std::string {
    try {
      parse_sort(text);
    } catch (const Error& e) {
      return e.message();
    }
    return "no error";
  };
  CHECK(problem("a,,b") == "the sort order, column 3: a field is missing at ',b'");
  CHECK(problem("a,") == "the sort order, column 3: a field is missing at its end");
  CHECK(problem("-") == "the sort order, column 2: a field is missing at its end");
  CHECK(problem("a b") == "the sort order, column 2: a field cannot have this character at ' b'");
  CHECK(problem("a;drop") ==
        "the sort order, column 2: a field cannot have this character at ';drop'");
}

}  // namespace mat
