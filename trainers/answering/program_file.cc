#include "trainers/answering/program_file.h"

#include <fmt/format.h>

#include <exception>
#include <string>

#include "core/base/error.h"
#include "core/training/model_description.h"
#include "core/training/model_file.h"

namespace mat {
namespace {

[[noreturn]] void throw_no_program(const std::filesystem::path& file, std::string why) {
  why = why.substr(0, why.find('\n'));
  throw Error(ErrorKind::io,
              fmt::format("'{}' is not a TorchScript program that LibTorch {} can read{}",
                          file.string(), TORCH_VERSION, why.empty() ? why : ": " + why),
              "make one with torch.jit.script() or torch.jit.trace() and its save()");
}

// One attribute, if it is there and of its type.
template <typename Has, typename Take>
void take(const torch::jit::Module& program, const char* name, const Has& has, Json& to,
          const Take& value) {
  if (!program.hasattr(name)) return;
  const c10::IValue attribute = program.attr(name);
  if (has(attribute)) to[name] = value(attribute);
}

Json texts(const c10::IValue& list) {
  Json texts = Json::array();
  for (const c10::IValue& text : list.toListRef()) {
    if (text.isString()) texts.push_back(text.toStringRef());
  }
  return texts;
}

Json numbers(const c10::IValue& list) {
  Json numbers = Json::array();
  for (const double number : list.toDoubleVector()) numbers.push_back(number);
  return numbers;
}

}  // namespace

bool is_program_file(const std::filesystem::path& file) {
  return kind_of_model_file(file) == ModelFileKind::program;
}

torch::jit::Module load_program(const std::filesystem::path& file) {
  if (!is_program_file(file)) throw_no_program(file, "it is no archive");
  try {
    torch::jit::Module program = torch::jit::load(file.string(), torch::kCPU);
    if (program.hasattr("training")) program.eval();
    if (!program.find_method("forward")) throw_no_program(file, "it has no forward()");
    return program;
  } catch (const c10::Error& e) {
    throw_no_program(file, e.what_without_backtrace());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    throw_no_program(file, e.what());
  }
}

Json description_of_program(const torch::jit::Module& program) {
  const auto is_list = [](const c10::IValue& value) { return value.isList(); };
  const auto is_integer = [](const c10::IValue& value) { return value.isInt(); };
  const auto integer = [](const c10::IValue& value) { return Json(value.toInt()); };
  const auto is_numbers = [](const c10::IValue& value) { return value.isDoubleList(); };
  Json json{{"network", kTorchScript}};
  take(program, "classes", is_list, json, texts);
  Json preprocessing = Json::object();
  for (const char* name : {"image_size", "short_side", "level_side"}) {
    take(program, name, is_integer, preprocessing, integer);
  }
  take(program, "views", is_list, preprocessing, texts);
  take(
      program, "mirrored", [](const c10::IValue& value) { return value.isBool(); }, preprocessing,
      [](const c10::IValue& value) { return Json(value.toBool()); });
  Json normalizes = Json::object();
  take(
      program, "normalizes", [](const c10::IValue& value) { return value.isBool(); }, normalizes,
      [](const c10::IValue& value) { return Json(value.toBool()); });
  if (normalizes.value("normalizes", false)) {
    preprocessing["mean"] = {0.0, 0.0, 0.0};
    preprocessing["std"] = {1.0, 1.0, 1.0};
  } else {
    take(program, "mean", is_numbers, preprocessing, numbers);
    take(program, "std", is_numbers, preprocessing, numbers);
  }
  if (!preprocessing.empty()) json["preprocessing"] = preprocessing;
  take(
      program, "temperature", [](const c10::IValue& value) { return value.isDouble(); }, json,
      [](const c10::IValue& value) { return Json(value.toDouble()); });
  return json;
}

}  // namespace mat
