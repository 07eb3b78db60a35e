#include "core/model/model_source.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/model/models.h"
#include "core/registry/reference.h"
#include "tests/core/model/model_home.h"

namespace mat {
namespace {

void make(const ModelHome& h, const VersionRecord& from, const std::string& name) {
  Registry registry = h.writer();
  add_model_version(registry, {name, std::nullopt, ""}, content_of_version(h.home(), from), {});
}

}  // namespace

TEST_CASE("What answers for rows of tables says so, as a version of a job and as a model") {
  const ModelHome h;
  make(h, h.train_table("prices"), "rents");
  make(h, h.train("clothes"), "flowers");
  Registry registry = h.writer();
  for (const char* reference : {"prices", "prices@V0001", "rents", "rents@1.0.0", "model:rents"}) {
    const ModelSource source = find_model_source(registry, reference);
    REQUIRE(source.table);
    CHECK(source.table->target == "price");
    CHECK(std::filesystem::exists(source.file));
  }
  CHECK_FALSE(find_model_source(registry, "clothes").table);
  CHECK_FALSE(find_model_source(registry, "flowers").table);
}

TEST_CASE("What answers is named as a version of a job or as a model") {
  const ModelHome h;
  const VersionRecord first = h.train("clothes");
  h.train("clothes");
  make(h, first, "flowers");
  make(h, first, "flowers");
  Registry registry = h.writer();
  registry.set_model_alias(registry.model_version("flowers@1.0.0").id, "champion");
  const auto source_of = [&](const std::string& reference) {
    return find_model_source(registry, reference).source;
  };
  CHECK(source_of("clothes@V0001") == "version:clothes@V0001");
  CHECK(source_of("clothes@1") == "version:clothes@V0001");
  CHECK(source_of("clothes") == "version:clothes@V0002");
  CHECK(source_of("clothes@latest") == "version:clothes@V0002");
  CHECK(source_of("version:clothes@best") == "version:clothes@V0002");
  CHECK(source_of("flowers") == "model:flowers@1.0.1");
  CHECK(source_of("flowers@latest") == "model:flowers@1.0.1");
  CHECK(source_of("flowers@1.0.0") == "model:flowers@1.0.0");
  CHECK(source_of("flowers@champion") == "model:flowers@1.0.0");
  CHECK(source_of("model:flowers@champion") == "model:flowers@1.0.0");

  const ModelSource model = find_model_source(registry, "flowers@1.0.0");
  CHECK(model.reference == "flowers@1.0.0");
  CHECK(model.folder == h.home().model_folder("flowers", "1.0.0"));
  CHECK(model.file == model.folder / "model.safetensors");
  CHECK(model.model_version == registry.model_version("flowers@1.0.0").id);
  CHECK(model.note.empty());
  const ModelSource version = find_model_source(registry, "clothes@1");
  CHECK_FALSE(version.model_version);
  CHECK(version.description.classes == model.description.classes);
}

TEST_CASE("A name of both is the model, and is told; what follows the @ decides") {
  const ModelHome h;
  make(h, h.train("clothes"), "clothes");
  Registry registry = h.writer();
  const ModelSource bare = find_model_source(registry, "clothes");
  CHECK(bare.source == "model:clothes@1.0.0");
  CHECK(bare.note ==
        "'clothes' is a model and a job: this is clothes@1.0.0; version:clothes is the other");
  const ModelSource latest = find_model_source(registry, "clothes@latest");
  CHECK(latest.source == "version:clothes@V0001");
  CHECK(latest.note.find("model:clothes") != std::string::npos);
  CHECK(find_model_source(registry, "clothes@1.0.0").note.empty());
  CHECK(find_model_source(registry, "clothes@1").source == "version:clothes@V0001");
  CHECK(find_model_source(registry, "clothes@best").source == "version:clothes@V0001");
}

TEST_CASE("Weights that may still change are told, also beside another note") {
  const ModelHome h;
  make(h, h.train("clothes"), "clothes");
  h.train("clothes", Status::running);
  Registry registry = h.writer();
  const ModelSource running = find_model_source(registry, "clothes@2");
  CHECK(running.may_change);
  CHECK(running.note == "clothes@V0002 is Running: its weights may change");
  CHECK(find_model_source(registry, "clothes@latest").note.ends_with("; " + running.note));
  CHECK_FALSE(find_model_source(registry, "clothes@1").may_change);
  CHECK_FALSE(find_model_source(registry, "clothes").may_change);
}

TEST_CASE("What was deleted meanwhile is not there, also when another has its name") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  make(h, version, "flowers");
  Registry registry = h.writer();
  const ModelSource of_job = find_model_source(registry, "clothes");
  const ModelSource of_model = find_model_source(registry, "flowers");
  require_still_there(registry, of_job);
  require_still_there(registry, of_model);
  const auto gone = [&](const ModelSource& source) {
    return error_of([&] { require_still_there(registry, source); });
  };
  registry.delete_model("flowers");
  CHECK(gone(of_model).kind() == ErrorKind::not_found);
  add_model_version(registry, {"flowers", parse_model_number("1.0.0"), ""},
                    content_of_version(h.home(), version), {});
  CHECK(gone(of_model).message() == "flowers@1.0.0 was deleted meanwhile; another has its name");
  registry.delete_job("clothes");
  CHECK(gone(of_job).kind() == ErrorKind::not_found);
  h.train("clothes");
  CHECK(gone(of_job).message() == "clothes@V0001 was deleted meanwhile; another has its name");
}

TEST_CASE("What is neither a model nor a version is told with the nearest name of both") {
  const ModelHome h;
  const VersionRecord version = h.train("clothes");
  make(h, version, "flowers");
  Registry registry = h.writer();
  const auto error = [&](const std::string& reference) {
    return error_of([&] { find_model_source(registry, reference); });
  };
  CHECK(error("flower").kind() == ErrorKind::not_found);
  CHECK(error("flower").hint() == "did you mean 'flowers'?");
  CHECK(error("clothe@1").hint() == "did you mean 'clothes'?");
  CHECK(error("flowers@1.0.7").message() == "the model flowers has no version 1.0.7");
  CHECK(error("flowers@champion").kind() == ErrorKind::not_found);
  CHECK(error("clothes@9").kind() == ErrorKind::not_found);
  CHECK(error("clothes@1.0.0").message() == "there is no model 'clothes'");
  for (const char* wrong : {"", "@", "@1", "flowers@", "a b", "../x", "clothes@x y",
                            "model:", "version:@1", "clothes@champion"}) {
    INFO(wrong);
    CHECK(error(wrong).kind() == ErrorKind::usage);
  }
}

}  // namespace mat
