#pragma once

#include "core/http/message.h"

namespace mat {

// The page at '/': a picture is dropped on it, or chosen, and the answer is shown as bars. It loads
// nothing from anywhere.
HttpResponse service_page();

}  // namespace mat
