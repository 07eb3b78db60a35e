#include "core/run/run_inputs.h"

#include "core/run/run_environment.h"
#include "core/storage/remote_storage.h"

namespace mat {

RunInputs fetch_inputs(const Home& home, const JobSpec& spec, RunObserver& observer) {
  RunInputs inputs;
  Json fetched = Json::object();
  for (const auto& [channel, place] : spec.inputs) {
    if (!is_remote_address(place)) {
      inputs.paths[channel] = place;
      continue;
    }
    TransferHooks hooks;
    hooks.progress = [&observer](const TransferProgress& p) {
      observer.phase("fetching data", p.bytes, p.bytes_total);
    };
    hooks.log = [&observer](std::string_view line) { observer.log(line); };
    hooks.stop_requested = [&observer] { return observer.stop_requested(); };
    FetchedData data =
        fetch_remote(place, home.cache() / "fetched", environment_with(spec.environment), hooks);
    fetched[channel] = {{"files", data.files},
                        {"bytes", data.bytes},
                        {"fingerprint", data.fingerprint},
                        {"reused", data.reused}};
    inputs.paths[channel] = data.path;
    inputs.in_use.push_back(std::move(data.in_use));
  }
  if (!fetched.empty()) observer.record("fetched", fetched);
  return inputs;
}

}  // namespace mat
