#include "core/model/export_mark.h"

#include "core/base/error.h"
#include "core/cache/content.h"

namespace mat {

Json export_mark(const std::string& reference, const Json& origin) {
  const std::string text = to_json_text(origin);
  return {{"model", reference}, {"fingerprint", to_hex(content_of(text.data(), text.size()))}};
}

std::optional<Id> find_exported(Registry& registry, const Json& mark) {
  const auto text = [&](const char* key) {
    const bool is_text = mark.is_object() && mark.contains(key) && mark.at(key).is_string();
    return is_text ? mark.at(key).get<std::string>() : std::string();
  };
  if (text("model").empty() || text("fingerprint").empty()) return std::nullopt;
  try {
    const ModelVersionRecord version = registry.model_version(text("model"));
    const Json own = export_mark(version.reference(), version.origin);
    const bool is_it =
        own.at("model") == mark.at("model") && own.at("fingerprint") == mark.at("fingerprint");
    return is_it ? std::optional(version.id) : std::nullopt;
  } catch (const Error& e) {
    // What a file says may be no name of a model.
    if (e.kind() != ErrorKind::not_found && e.kind() != ErrorKind::usage) throw;
    return std::nullopt;
  }
}

}  // namespace mat
