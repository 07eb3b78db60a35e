#include "core/service/service_metrics.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

// Resident memory of this process; 0 where the system does not say.
std::uint64_t resident_bytes() {
  try {
    const auto text = read_file_if_exists("/proc/self/statm", 4096);
    if (!text) return 0;
    const std::vector<std::string> fields = split(*text, ' ');
    const auto pages = fields.size() > 1 ? parse_integer(fields[1]) : std::nullopt;
    return static_cast<std::uint64_t>(pages.value_or(0) * ::sysconf(_SC_PAGESIZE));
  } catch (const std::exception&) {
    return 0;
  }
}

void head(std::string& text, const char* name, const char* type, const char* help) {
  text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void one(std::string& text, const char* name, const char* type, const char* help, double value) {
  head(text, name, type, help);
  text += fmt::format("{} {}\n", name, format_number(value));
}

std::string label_value(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

}  // namespace

template <std::size_t N>
void ServiceMetrics::put(Histogram<N>& histogram, const std::array<double, N>& bounds,
                         double value) {
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  ++histogram.counts[static_cast<std::size_t>(bound - bounds.begin())];
  histogram.sum += value;
}

template <std::size_t N>
void ServiceMetrics::write(std::string& text, const char* name, const char* help,
                           const Histogram<N>& histogram, const std::array<double, N>& bounds) {
  head(text, name, "histogram", help);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < N; ++i) {
    count += histogram.counts[i];
    text += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, format_number(bounds[i]), count);
  }
  count += histogram.counts[N];
  text += fmt::format("{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, count,
                      format_number(histogram.sum));
}

void ServiceMetrics::count(const HttpExchange& exchange, const std::string& path) {
  const std::lock_guard lock(mutex_);
  ++requests_[{path, exchange.status}];
  put(latency_, kSeconds, exchange.seconds);
  bytes_in_ += exchange.bytes_in;
  bytes_out_ += exchange.bytes_out;
}

void ServiceMetrics::count_batch(std::size_t pictures, double seconds) {
  const std::lock_guard lock(mutex_);
  put(batches_, kPictures, static_cast<double>(pictures));
  put(model_seconds_, kSeconds, seconds);
}

void ServiceMetrics::count_decoding(double seconds) {
  const std::lock_guard lock(mutex_);
  put(decode_seconds_, kSeconds, seconds);
}

std::string ServiceMetrics::text(const Now& now) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  head(text, "mat_requests_total", "counter", "Requests by path and status.");
  for (const auto& [key, count] : requests_) {
    text += fmt::format("mat_requests_total{{path=\"{}\",code=\"{}\"}} {}\n",
                        label_value(key.first), key.second, count);
  }
  write(text, "mat_request_seconds", "From the whole header to the last byte of the answer.",
        latency_, kSeconds);
  write(text, "mat_decode_seconds", "Time to decode one picture.", decode_seconds_, kSeconds);
  write(text, "mat_batch_pictures", "Pictures that were answered together.", batches_, kPictures);
  write(text, "mat_batch_seconds", "Time of the model for one batch.", model_seconds_, kSeconds);
  one(text, "mat_request_bytes_total", "counter", "Bytes of bodies that came.",
      static_cast<double>(bytes_in_));
  one(text, "mat_response_bytes_total", "counter", "Bytes of bodies that went.",
      static_cast<double>(bytes_out_));
  one(text, "mat_queue_pictures", "gauge", "Pictures that wait or are being answered.",
      static_cast<double>(now.waiting));
  one(text, "mat_connections", "gauge", "Connections that are open.",
      static_cast<double>(now.connections));
  one(text, "process_resident_memory_bytes", "gauge", "Resident memory.",
      static_cast<double>(resident_bytes()));
  head(text, "mat_model_info", "gauge", "The model that is served.");
  text += fmt::format("mat_model_info{{model=\"{}\"}} 1\n", label_value(now.model));
  return text;
}

}  // namespace mat
