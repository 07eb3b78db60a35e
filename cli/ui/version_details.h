#pragma once

#include <filesystem>

#include "core/base/home.h"
#include "core/base/json.h"
#include "core/registry/registry.h"

namespace mat {

// Adds to what `mat version show --json` says what else its page shows: "artifacts" [{"path",
// "bytes"}], "log_bytes", "has_predictions", "has_suspects", whether "can_create_model" and
// "can_deploy" would succeed, "inf" and the like in "metrics", and the "form" with which it is
// modified, made from the description of its algorithm.
void add_version_details(Registry& registry, const VersionRecord& version, Json& document);

// A file of a version's folder that may be downloaded. Throws not_found for any other.
std::filesystem::path artifact_of(const std::filesystem::path& version_folder,
                                  const std::string& path);

}  // namespace mat
