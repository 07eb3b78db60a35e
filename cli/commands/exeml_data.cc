#include "cli/commands/exeml_data.h"

namespace mat {

std::string exeml_data_setting(const Context&, const ExemlDataOptions& options) {
  return "inputs.data_url=" + options.data;
}

}  // namespace mat
