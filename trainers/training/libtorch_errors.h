#pragma once

#include <new>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/json.h"
#include "trainers/torch.h"

namespace mat {

[[noreturn]] void throw_out_of_memory(const std::string& detail);
// A training_failed error in the words of LibTorch's.
[[noreturn]] void throw_translated(const c10::Error& error);

// The way into LibTorch: its exceptions come out as ours. `subject` says what the numbers of a Json
// error belong to.
template <typename Work>
auto translated(const std::string& subject, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& e) {
    throw_translated(e);
  } catch (const std::bad_alloc&) {
    throw_out_of_memory("the system gave no more");
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::bug, subject + ": " + e.what());
  }
}

// Why `work` failed, where another network or learning rate may do better: a loss that is no number
// any more, too little memory. Other errors come out of it.
template <typename Work>
std::optional<std::string> failure_of(const Work& work) {
  try {
    translated("a training", work);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::training_failed) throw;
    return e.message();
  }
  return std::nullopt;
}

}  // namespace mat
