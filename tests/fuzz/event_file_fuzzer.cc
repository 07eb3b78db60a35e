// Event files may come from other programs. An input is the file itself, or, after an odd first
// byte, the contents of records whose checksums are right, so that what is in them is read too.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/file.h"
#include "core/curves/curve_index.h"
#include "core/metrics/event_file.h"
#include "core/metrics/record_file.h"
#include "tests/temp_folder.h"

namespace {

// Pieces of as many bytes as the byte in front of each says.
std::string as_records(std::string_view input) {
  std::string file;
  while (!input.empty()) {
    const auto wanted = static_cast<std::size_t>(static_cast<std::uint8_t>(input.front()));
    input.remove_prefix(1);
    const std::string_view data = input.substr(0, std::min(wanted, input.size()));
    input.remove_prefix(data.size());
    mat::append_record(file, data);
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mat::TempFolder folder("/dev/shm");
  static const std::string path = folder / "events.out.tfevents.1.fuzzer";
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = data[0] % 2 == 1 ? as_records(input) : std::string(input);
  {
    const mat::FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (::write(file.get(), bytes.data(), bytes.size()) < 0) std::abort();
  }
  mat::read_event_files(folder.path());
  mat::CurveIndex index(folder.path());
  index.update();
  for (const mat::CurveSummary& curve : index.curves()) {
    index.thinned(curve.tag, {mat::CurveAxis::step, 1, 1e6}, 8);
    index.each_point(curve.tag, [](const mat::ScalarPoint&) {});
  }
  return 0;
}
