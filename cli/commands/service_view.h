#pragma once

#include <vector>

#include "cli/context.h"
#include "cli/output/table.h"
#include "core/registry/registry.h"

namespace mat {

// As Context::open_to_…(), and services whose process has died are noticed.
Registry open_services_to_read(const Context& context);
Registry open_services_to_write(const Context& context);
Registry open_services_to_change(const Context& context);

Json service_json(const ServiceRecord& service, const Home& home);
Table service_table(const std::vector<ServiceRecord>& services);
void print_service(const ServiceRecord& service, const Home& home);

}  // namespace mat
