#include "cli/ui/lineage_response.h"

#include <string>

#include "core/lineage/lineage_svg.h"

namespace mat {
namespace {

// Where a page about it is; empty where there is none.
std::string page_of(const LineageNode& node) {
  if (!node.kind || node.is_deleted()) return "";
  const std::string name = percent_encoded(node.name);
  switch (*node.kind) {
    case LineageKind::dataset:
    case LineageKind::dataset_version:
      return "/datasets/" + name;
    case LineageKind::experiment:
      return "/experiments/" + name;
    case LineageKind::job:
      return "/jobs/" + name;
    case LineageKind::version:
      return "/versions/" + name;
    case LineageKind::params:
      return "/params/" + name;
    case LineageKind::algorithm:
      return "/algorithms/" + name;
    case LineageKind::model:
    case LineageKind::model_version:
      return "/models/" + name;
    case LineageKind::service:
      return "/services/" + name;
    case LineageKind::data:
      break;
  }
  return "";
}

}  // namespace

HttpResponse lineage_response(Registry& registry, const HttpQuery& query) {
  const LineageGraph graph = lineage_of(registry, query.get("node"), LineageOptions());
  LineageSvgOptions options;
  options.link = page_of;
  options.has_style = false;
  HttpResponse response;
  response.content_type = "image/svg+xml";
  response.body = lineage_svg(graph, options);
  return response;
}

}  // namespace mat
