#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/cache/content.h"
#include "core/table/table_encoder.h"

namespace mat {

// What weights know already, by its content: what is measured on it says little of anything else.
// contents.txt beside the weights has a line "train HASH" or "eval HASH" for each picture's file or
// row of a table; "train" also of those that the weights learnt from that a training went on from.
struct KnownContents {
  std::unordered_set<Content, ContentHash> learnt, validated;
};

// In place of what is in `folder`. Throws io errors.
void write_known_contents(const std::filesystem::path& folder, const KnownContents& known);

// Nothing is known where there is no such file: of weights from elsewhere.
KnownContents read_known_contents(const std::filesystem::path& folder);

// The same to another folder, with which it reaches the disk.
void copy_known_contents(const std::filesystem::path& from, const std::filesystem::path& to);

// What a row is known by, whatever else its table has: the columns that are learnt from, and the
// target.
std::vector<std::string> columns_of_rows(const TableEncoder& encoder, const std::string& target);
std::vector<Content> contents_of_rows(const CsvTable& table, const std::vector<std::size_t>& rows,
                                      const std::vector<std::string>& columns);

}  // namespace mat
