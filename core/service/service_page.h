#pragma once

#include "core/http/message.h"

namespace mat {

// The page at '/': a picture is dropped on it, or chosen, and the answer is shown as bars; of a
// model for tables a form with its columns. It loads nothing from anywhere.
HttpResponse service_page(bool of_table);

}  // namespace mat
