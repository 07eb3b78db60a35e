#include "core/service/table_batcher.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/service/model_thread.h"
#include "core/training/answers.h"

namespace mat {
namespace {

struct Question {
  std::vector<float> inputs;
  std::size_t rows = 0;
  TableBatcher::Done done;
};

std::size_t width_of(const TableDescription& description) {
  return description.is_regression() ? 1 : description.classes.size();
}

void require_answers(const std::vector<double>& answers, std::size_t count) {
  if (answers.size() != count) throw_wrong_count();
  const std::string problem = values_problem(answers);
  if (!problem.empty()) throw Error(ErrorKind::usage, problem);
}

}  // namespace

struct TableBatcher::Impl {
  Impl(TableDescription d, TableBatcherOptions o)
      : description(std::move(d)), options(std::move(o)) {}

  void wake_model();
  void answer(TableModel& model);
  void answer_batch(TableModel& model, std::vector<Question>& batch);

  const TableDescription description;
  const TableBatcherOptions options;
  Json facts;

  mutable std::mutex mutex;  // of all below
  std::condition_variable has_work;
  std::deque<Question> questions;
  std::size_t waiting = 0;
  bool is_ending = false;
  std::thread answerer;
};

void TableBatcher::Impl::wake_model() {
  has_work.notify_one();
  if (options.idle_work) options.idle_work->interrupt();
}

void TableBatcher::Impl::answer_batch(TableModel& model, std::vector<Question>& batch) {
  const double begin_s = monotonic_seconds();
  std::vector<float> inputs;
  std::size_t rows = 0;
  for (const Question& question : batch) {
    inputs.insert(inputs.end(), question.inputs.begin(), question.inputs.end());
    rows += question.rows;
  }
  const std::size_t width = width_of(description);
  std::vector<double> all;
  const std::string failure = failure_of([&] {
    all = model.answer(std::move(inputs));
    require_answers(all, width * rows);
  });
  // Counted before anybody hears of it.
  if (options.answered) options.answered(rows, monotonic_seconds() - begin_s);
  auto at = all.begin();
  for (Question& question : batch) {
    std::vector<double> answers;
    if (failure.empty()) {
      const auto count = static_cast<std::ptrdiff_t>(width * question.rows);
      answers.assign(at, at + count);
      at += count;
    }
    {
      const std::lock_guard lock(mutex);
      waiting -= question.rows;
    }
    give_answer(question.done, std::move(answers), failure);
  }
}

void TableBatcher::Impl::answer(TableModel& model) {
  for (;;) {
    std::vector<Question> batch;
    {
      std::unique_lock lock(mutex);
      wait_at_work(lock, has_work, options.idle_work.get(),
                   [&] { return !questions.empty() || is_ending; });
      if (questions.empty()) return;
      std::size_t rows = 0;
      while (!questions.empty() &&
             (batch.empty() || rows + questions.front().rows <= options.rows_at_once)) {
        rows += questions.front().rows;
        batch.push_back(std::move(questions.front()));
        questions.pop_front();
      }
    }
    answer_batch(model, batch);
  }
}

TableBatcher::TableBatcher(Open open, TableDescription description, TableBatcherOptions options)
    : impl_(std::make_unique<Impl>(std::move(description), std::move(options))) {
  Impl* impl = impl_.get();
  impl->answerer = start_model_thread(
      std::move(open),
      [impl](TableModel& model) {
        const auto no_values = [](std::size_t, std::size_t) { return std::string_view(); };
        require_answers(model.answer(impl->description.encoder.encode(1, no_values)),
                        width_of(impl->description));
        impl->facts = model.facts();
      },
      [impl](TableModel& model) { impl->answer(model); });
}

TableBatcher::~TableBatcher() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_ending = true;
  }
  impl_->wake_model();
  impl_->answerer.join();
}

bool TableBatcher::ask(std::vector<float> inputs, std::size_t rows, Done done) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->waiting + rows > impl_->options.queue_rows) return false;
    impl_->waiting += rows;
    impl_->questions.push_back({std::move(inputs), rows, std::move(done)});
  }
  impl_->wake_model();
  return true;
}

const TableDescription& TableBatcher::description() const { return impl_->description; }

const Json& TableBatcher::facts() const { return impl_->facts; }

std::size_t TableBatcher::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting;
}

}  // namespace mat
