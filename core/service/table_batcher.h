#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/idle_work.h"
#include "core/base/json.h"
#include "core/training/trainer.h"

namespace mat {

struct TableBatcherOptions {
  std::size_t rows_at_once = 8192;
  std::size_t queue_rows = 100'000;  // that wait or are being answered; more are turned away
  // Called by the model's thread after each batch.
  std::function<void(std::size_t rows, double seconds)> answered;
  std::shared_ptr<IdleWork> idle_work;  // of the model's thread; may be none
};

// A model for rows of tables that answers many who ask at the same time, as Batcher does for
// pictures. All calls may come from any thread.
class TableBatcher {
 public:
  // Called once, by the thread that will answer: a model belongs to a thread.
  using Open = std::function<std::unique_ptr<TableModel>()>;
  // What TableModel::answer() gives, or why it has failed.
  using Done = std::function<void(std::vector<double> answers, const std::string& failure)>;

  // Returns when the model has answered for a row without values, and throws what went wrong.
  TableBatcher(Open open, TableDescription description, TableBatcherOptions options);
  // Answers all that was asked before.
  ~TableBatcher();

  // `inputs` of so many rows, at least one, is what the description's encoder makes of them. `done`
  // is called once, by the model's thread; what it throws ends nothing but itself. False, and
  // nothing is asked, when too many wait already.
  bool ask(std::vector<float> inputs, std::size_t rows, Done done);

  const TableDescription& description() const;
  const Json& facts() const;  // the model's, see TableModel::facts()
  std::size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
