#pragma once

#include "core/http/message.h"
#include "core/http/query.h"
#include "core/registry/registry.h"

namespace mat {

// The picture of "node" and what is around it, whose boxes lead to their pages. Throws what
// lineage_of() does.
HttpResponse lineage_response(Registry& registry, const HttpQuery& query);

}  // namespace mat
