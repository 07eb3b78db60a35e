#include "trainers/distributed/shared_gradients.h"

#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <cstdint>
#include <utility>

namespace mat {
namespace {

// The first piece is small, so that something travels early; later ones are larger, since each
// costs some time of its own.
constexpr std::int64_t kFirstBucketBytes = 4 << 20;
constexpr std::int64_t kBucketBytes = 16 << 20;

}  // namespace

// The ends of the graph at which gradients arrive. LibTorch keeps them only as long as somebody
// else does.
struct SharedGradients::Hooks {
  using Accumulator =
      decltype(torch::autograd::impl::grad_accumulator(std::declval<torch::Tensor&>()));
  std::vector<Accumulator> accumulators;
  // What the hooks call; null when they outlive their owner.
  std::shared_ptr<SharedGradients*> owner;
};

SharedGradients::SharedGradients(std::vector<torch::Tensor> parameters, Nodes& nodes)
    : nodes_(nodes),
      parameters_(std::move(parameters)),
      bucket_of_(parameters_.size()),
      hooks_(std::make_unique<Hooks>()) {
  std::vector<std::int64_t> sizes;
  std::int64_t room = 0;
  for (std::size_t i = parameters_.size(); i-- > 0;) {
    const auto bytes = static_cast<std::int64_t>(parameters_[i].nbytes());
    if (buckets_.empty() || room < bytes) {
      room = buckets_.empty() ? kFirstBucketBytes : kBucketBytes;
      buckets_.emplace_back();
      sizes.push_back(0);
    }
    room -= bytes;
    buckets_.back().parameters.push_back(i);
    sizes.back() += parameters_[i].numel();
    bucket_of_[i] = buckets_.size() - 1;
  }
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    Bucket& bucket = buckets_[b];
    bucket.flat = torch::empty({sizes[b]}, parameters_.front().options().requires_grad(false));
    std::int64_t begin = 0;
    for (const std::size_t i : bucket.parameters) {
      const torch::Tensor& parameter = parameters_[i];
      bucket.places.push_back(
          bucket.flat.as_strided(parameter.sizes(), parameter.strides(), begin));
      begin += parameter.numel();
    }
  }
  hooks_->owner = std::make_shared<SharedGradients*>(this);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    auto accumulator = torch::autograd::impl::grad_accumulator(parameters_[i]);
    accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [owner = hooks_->owner, i](const std::vector<torch::Tensor>& outputs,
                                   const std::vector<torch::Tensor>&) {
          if (*owner != nullptr) (*owner)->is_ready(i);
          return outputs;
        }));
    hooks_->accumulators.push_back(std::move(accumulator));
  }
}

SharedGradients::~SharedGradients() { *hooks_->owner = nullptr; }

void SharedGradients::begin() {
  sent_ = 0;
  for (Bucket& bucket : buckets_) bucket.missing = bucket.parameters.size();
}

void SharedGradients::is_ready(std::size_t parameter) {
  Bucket& bucket = buckets_[bucket_of_[parameter]];
  if (bucket.missing > 0 && --bucket.missing == 0) send_what_is_whole();
}

void SharedGradients::send_what_is_whole() {
  const torch::NoGradGuard no_grad;
  for (; sent_ < buckets_.size() && buckets_[sent_].missing == 0; ++sent_) {
    Bucket& bucket = buckets_[sent_];
    for (std::size_t i = 0; i < bucket.parameters.size(); ++i) {
      const torch::Tensor& gradient = parameters_[bucket.parameters[i]].grad();
      gradient.defined() ? bucket.places[i].copy_(gradient) : bucket.places[i].zero_();
    }
    bucket.work = nodes_.begin_sum(bucket.flat);
  }
}

void SharedGradients::finish() {
  for (Bucket& bucket : buckets_) bucket.missing = 0;
  send_what_is_whole();
  const torch::NoGradGuard no_grad;
  for (Bucket& bucket : buckets_) {
    nodes_.wait(*bucket.work);
    bucket.work.reset();
    for (std::size_t i = 0; i < bucket.parameters.size(); ++i) {
      torch::Tensor& gradient = parameters_[bucket.parameters[i]].mutable_grad();
      if (gradient.defined()) gradient.copy_(bucket.places[i]);
    }
  }
}

std::int64_t SharedGradients::bytes() const {
  std::int64_t bytes = 0;
  for (const Bucket& bucket : buckets_) bytes += static_cast<std::int64_t>(bucket.flat.nbytes());
  return bytes;
}

}  // namespace mat
