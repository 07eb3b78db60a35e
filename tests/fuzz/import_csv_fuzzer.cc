// Any bytes as a table of labelled pictures, beside some files that it may name: a usage error, or
// pictures that are among those files and whose lines can be written.

#include <stdlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/dataset/import.h"
#include "core/dataset/label.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::filesystem::path folder_with_pictures() {
  std::string name =
      std::filesystem::exists("/dev/shm") ? "/dev/shm/mat-fuzz-XXXXXX" : "/tmp/mat-fuzz-XXXXXX";
  require(::mkdtemp(name.data()) != nullptr);
  const std::filesystem::path folder = std::filesystem::path(name);
  std::filesystem::create_directories(folder / "d");
  for (const char* file : {"a.jpg", "b.png", "d/c.jpg", "d/e"}) std::ofstream(folder / file) << "x";
  static struct Remover {
    std::filesystem::path path;
    ~Remover() { std::filesystem::remove_all(path); }
  } remover{folder};
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path kFolder = folder_with_pictures();
  const std::filesystem::path table = kFolder / "table.csv";
  std::ofstream(table, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  mat::ImportOptions options;
  options.format = mat::ImportFormat::csv;
  options.bad_labels = mat::ImportOptions::BadLabels::map;
  options.sources = {{"s3://b/", (kFolder / "d").string()}, {"C:\\p", kFolder.string()}};
  try {
    mat::import_pictures(table, options, [](const mat::ManifestSample& sample) {
      require(std::filesystem::exists(sample.source) ||
              sample.source.find("://") != std::string::npos);
      for (const auto& label : sample.labels) require(!mat::why_no_label(label));
      require(mat::sample_of_line(mat::line_of_sample(sample), "/").labels == sample.labels);
    });
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
  }
  return 0;
}
