#pragma once

#include <filesystem>
#include <optional>

#include "core/base/home.h"
#include "core/registry/database.h"
#include "core/registry/records.h"

namespace mat {

// The folder of a version, of a dataset, of a model's version, of a service or of a visualization,
// or the manifest of a dataset's version, is moved to HOME/trash in the transaction that deletes
// its rows, and removed after it. Its name there ("version.17") says which row it belongs to, so
// that recover_trash() can finish or take back what a failed or killed deletion has begun.
enum class TrashKind { version, dataset, dataset_manifest, model_version, service, visualization };

// To be called within the transaction. Gives where the folder is now; nothing when there was none.
// Throws io errors.
std::optional<std::filesystem::path> move_to_trash(const Home& home, TrashKind kind, Id row,
                                                   const std::filesystem::path& folder);

// To be called after the transaction. Throws an io error that names what is left.
void empty_trash(const std::filesystem::path& trashed);

// Moves folders back whose rows are still there and removes the others. What cannot be moved or
// removed stays for the next time.
void recover_trash(Database& database, const Home& home);

}  // namespace mat
