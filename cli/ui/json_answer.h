#pragma once

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/http/message.h"

namespace mat {

HttpResponse json_answer(const Json& document, int status = 200);

// For the exit code of a command that has failed.
int status_of_exit(int exit_code);

// {"error", "hint", "exit_code"}, as of a command that has failed so.
HttpResponse error_answer(const Error& error);

}  // namespace mat
