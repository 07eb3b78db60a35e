#include <array>

#include "core/base/text.h"
#include "core/inspect/dataset_check.h"

namespace mat {
namespace {

Json class_json(const DatasetCheck::Class& c) {
  return {{"name", c.name},
          {"pictures", c.pictures},
          {"train", c.train},
          {"validation", c.validation},
          {"test", c.test},
          {"undecided", c.undecided},
          {"unreadable", c.unreadable}};
}

Json finding_json(const DatasetCheck& check, const Finding& finding) {
  Json names = Json::array();
  for (const auto picture : finding.pictures) names.push_back(check.files.name(picture));
  return {{"kind", text_of(finding.kind).id},
          {"severity", text_of(finding.severity)},
          {"subject", finding.subject},
          {"detail", finding.detail},
          {"pictures", std::move(names)}};
}

}  // namespace

Json to_json(const DatasetCheck& check) {
  Json classes = Json::array(), summary = Json::array(), findings = Json::array();
  for (const auto& c : check.classes) classes.push_back(class_json(c));
  for (const auto& k : summarize(check)) {
    summary.push_back({{"kind", text_of(k.kind).id},
                       {"severity", text_of(text_of(k.kind).severity)},
                       {"findings", k.findings},
                       {"pictures", k.pictures},
                       {"advice", text_of(k.kind).advice}});
  }
  for (const auto& finding : check.findings) findings.push_back(finding_json(check, finding));
  return {{"root", check.files.root.string()},
          {"pictures", check.picture_count()},
          {"readable", check.readable},
          {"unlabelled", check.unlabelled},
          {"several_labels", check.several_labels},
          {"classes", std::move(classes)},
          {"summary", std::move(summary)},
          {"findings", std::move(findings)}};
}

std::vector<KindSummary> summarize(const DatasetCheck& check) {
  std::vector<KindSummary> result;
  for (const auto& finding : check.findings) {
    if (result.empty() || result.back().kind != finding.kind) result.push_back({finding.kind});
    ++result.back().findings;
    result.back().pictures += static_cast<std::int64_t>(finding.pictures.size());
  }
  return result;
}

}  // namespace mat
