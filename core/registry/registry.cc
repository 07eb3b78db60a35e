#include "core/registry/registry.h"

#include "core/registry/registry_impl.h"
#include "core/registry/trash.h"

namespace mat {
namespace {

Database::Access access_of(Registry::Mode mode) {
  return mode == Registry::Mode::read ? Database::Access::read : Database::Access::write;
}

}  // namespace

Registry::Registry(const Home& home, Mode mode)
    : impl_(new Impl{home, Database(home.database(), access_of(mode))}) {
  if (mode == Mode::write) recover_trash(impl_->database, impl_->home);
}

Registry::Registry(Registry&&) noexcept = default;
Registry::~Registry() = default;

const Home& Registry::home() const { return impl_->home; }

}  // namespace mat
