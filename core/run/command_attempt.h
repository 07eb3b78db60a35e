#pragma once

#include <string>
#include <vector>

#include "core/command/command_run.h"
#include "core/run/attempt.h"
#include "core/run/run_inputs.h"
#include "core/run/runner.h"

namespace mat {

// What a user's own command is started with: its channels and hyperparameters as its algorithm
// wants them, the folders of the version, and in its environment also
//   MAT_VERSION (JOB@V0001), MAT_OUTPUT_DIR, MAT_CHECKPOINT_DIR, MAT_METRICS_FILE, MAT_SEED,
//   MAT_RESUME_CHECKPOINT (on another attempt: what it saved last in the checkpoint folder);
//   MA_JOB_DIR, MA_LOG_DIR, MA_NUM_HOSTS, MA_NUM_GPUS, VC_TASK_INDEX, VC_WORKER_NUM,
//   VC_WORKER_HOSTS, as ModelArts sets them;
//   MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, as torchrun sets
//   them for one process on each node;
//   OMP_NUM_THREADS (unless it is set: its cores) and CUDA_VISIBLE_DEVICES (its GPUs, maybe none).
// Nodes of one version share its folders but for MAT_METRICS_FILE and MA_LOG_DIR. The code must
// have been restored before any but node 0 begins. Its place for the channel train_url is the
// version's output/, for any other output channel output/CHANNEL.
CommandRequest command_request(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                               const AttemptPlan& plan);

// Whether the command has left something to go on from.
bool has_command_checkpoint(const std::filesystem::path& version_folder);

}  // namespace mat
