#include <fmt/core.h>

#include <cmath>
#include <memory>
#include <utility>

#include "cli/commands/commands.h"
#include "cli/commands/exeml_data.h"
#include "cli/commands/exeml_view.h"
#include "cli/commands/exeml_weights.h"
#include "cli/commands/service_deploy.h"
#include "cli/commands/spec_lookup.h"
#include "cli/commands/train.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/learnt_before.h"
#include "core/spec/job_spec.h"
#include "core/training/weights_header.h"

namespace mat {
namespace {

constexpr double kLeastMinutes = 6, kMostMinutes = 6000;
constexpr std::int64_t kVersionsInShow = 10;
constexpr const char* kNone = "none";

struct TrainOptions {
  std::string data, project, dataset_version, incremental, preference = "balance", flavor, weights;
  double train_ratio = 0.8;
  double max_duration = 60;
  std::optional<double> short_duration;
  std::optional<std::int64_t> seed;
  int seeds = 1;
  FormatFlags format;
  TrainFlags train;
};

double minutes_of(const TrainOptions& options) {
  if (options.short_duration) {
    if (*options.short_duration > 0 && *options.short_duration < kLeastMinutes) {
      return *options.short_duration;
    }
    throw Error(ErrorKind::usage,
                fmt::format("--short-duration is above 0 and below {} minutes, not {}",
                            format_number(kLeastMinutes), format_number(*options.short_duration)),
                "for longer trainings: --max-duration MINUTES");
  }
  if (options.max_duration >= kLeastMinutes && options.max_duration <= kMostMinutes) {
    return options.max_duration;
  }
  throw Error(
      ErrorKind::usage,
      fmt::format("--max-duration is {} to {} minutes, not {}", format_number(kLeastMinutes),
                  format_number(kMostMinutes), format_number(options.max_duration)),
      "shorter, to try things out: --short-duration MINUTES");
}

void require_exeml(Registry& registry, const std::string& project) {
  const auto job = registry.find_job(project);
  if (!job || job->latest_number == 0) return;
  const VersionRecord latest = registry.version(project);
  if (latest.algorithm == kExemlAlgorithm) return;
  throw Error(
      ErrorKind::conflict,
      fmt::format("{} is a training job ({}), not an ExeML project", project, latest.algorithm),
      "choose another name for the project");
}

// The version whose weights the training starts from; nothing for "none".
std::optional<VersionRecord> incremental_from(Registry& registry, const TrainOptions& options) {
  const std::string& wanted = options.incremental;
  if (wanted.empty() || wanted == kNone) return std::nullopt;
  return registry.version(wanted.find('@') == std::string::npos ? options.project + "@" + wanted
                                                                : wanted);
}

void note_learnt_before(const Context& context, const JobSpec& spec) {
  const std::int64_t learnt = learnt_before(context.open_to_read().home(), spec);
  if (learnt > 0) note(learnt_text(learnt));
}

int train_project(const Context& context, const TrainOptions& options) {
  check_name("project", options.project);
  if (!(options.train_ratio > 0 && options.train_ratio < 1)) {
    throw Error(ErrorKind::usage, fmt::format("--train-ratio is above 0 and below 1, not {}",
                                              format_number(options.train_ratio)));
  }
  const auto is_given = [](const std::string& from) { return !from.empty() && from != kNone; };
  if (is_given(options.weights) && is_given(options.incremental)) {
    throw Error(ErrorKind::usage,
                "a training starts from --weights or from --incremental-version, not from both",
                "leave one of them out");
  }
  std::vector<std::string> assignments = {
      fmt::format("name={}", options.project),
      fmt::format("algorithm={}", kExemlAlgorithm),
      fmt::format("max_duration={}", format_number(minutes_of(options))),
      fmt::format("preference={}", options.preference),
      fmt::format("validation_ratio={}",
                  format_number(std::round((1 - options.train_ratio) * 1e9) / 1e9)),
  };
  if (!options.flavor.empty()) assignments.push_back("resources.flavor=" + options.flavor);
  if (options.seed) assignments.push_back(fmt::format("seed={}", *options.seed));
  if (options.seeds > 1) assignments.push_back(fmt::format("seeds={}", options.seeds));
  if (is_given(options.weights)) {
    open_weights(options.weights);  // before anything is published or recorded
    assignments.push_back("inputs.weights_url=" + options.weights);
  }
  std::optional<VersionRecord> base;
  {
    Registry registry = context.open_to_read();
    require_exeml(registry, options.project);
    base = incremental_from(registry, options);
    if (base) {
      assignments.push_back(
          "inputs.weights_url=" +
          (registry.home().version_folder(base->job, base->number) / "output" / "best.safetensors")
              .string());
    } else if (options.weights.empty()) {
      if (const auto file = weights_at_hand(registry.home(), options.preference)) {
        assignments.push_back("inputs.weights_url=" + file->string());
      }
    }
  }
  ExemlDataOptions data;
  data.data = options.data;
  data.project = options.project;
  data.dataset_version = options.dataset_version;
  data.train_ratio = options.train_ratio;
  data.format = options.format;
  data.dry_run = options.train.dry_run;
  assignments.push_back(exeml_data_setting(context, data));
  const Settings settings =
      with_source(parse_assignments(assignments, working_folder()), "exeml train");
  const JobSpec spec = resolve(settings, spec_lookup(context));
  note_learnt_before(context, spec);
  TrainFlags flags = options.train;
  flags.knows_data = !is_remote_address(options.data);
  return train(context, spec, working_folder(), base ? std::optional(base->id) : std::nullopt,
               flags);
}

std::vector<JobRecord> all_projects(Registry& registry, ListOptions options) {
  options.limit = options.offset = 0;
  std::vector<JobRecord> projects;
  for (JobRecord& job : registry.list_jobs(options).rows) {
    if (job.latest_number == 0) continue;
    if (registry.version(job.name).algorithm == kExemlAlgorithm) projects.push_back(std::move(job));
  }
  return projects;
}

int list_projects(const Context& context, const ListFlags& flags) {
  ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  std::vector<JobRecord> projects = all_projects(registry, std::move(options));
  const auto total = static_cast<std::int64_t>(projects.size());
  projects.erase(projects.begin(), projects.begin() + std::min(flags.offset, total));
  if (flags.limit > 0 && std::ssize(projects) > flags.limit) {
    projects.resize(static_cast<std::size_t>(flags.limit));
  }
  if (flags.json) {
    Json rows = Json::array();
    for (const JobRecord& job : projects) rows.push_back(job_json(job, dataset_version_label));
    print_json(list_document("projects", rows, total, true));
    return 0;
  }
  print_list(job_table(projects, dataset_version_label), total, "projects",
             "mat exeml train DATA --project P", flags.filter);
  note_total(projects.size(), total, true, "projects", flags.offset);
  return 0;
}

// "P" and "V001", "P@V001" alone, or "P" alone, which is its latest. `other` is the command for
// versions of other jobs.
VersionRecord version_of_project(Registry& registry, const std::string& project,
                                 const std::string& version, const char* other) {
  const std::size_t at = project.find('@');
  const std::string name = project.substr(0, at);
  if (!registry.find_job(name)) {
    std::vector<std::string> known;
    for (const JobRecord& job : all_projects(registry, {})) known.push_back(job.name);
    throw Error(ErrorKind::not_found, fmt::format("there is no project '{}'", name),
                name_hint(name, known));
  }
  const std::string which = version.empty() && at == project.npos ? "latest" : version;
  VersionRecord record =
      registry.version(which.empty() ? project : fmt::format("{}@{}", project, which));
  if (record.algorithm == kExemlAlgorithm) return record;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} was trained by {}, not by exeml", record.reference(), record.algorithm),
      fmt::format("mat {} {}", other, record.reference()));
}

std::string source_of(const Context& context, const std::string& project,
                      const std::string& version) {
  Registry registry = context.open_to_read();
  return "version:" + version_of_project(registry, project, version, "service deploy").reference();
}

int show_project(const Context& context, const std::string& project, const std::string& version,
                 const ExemlViewOptions& view, bool json) {
  Registry registry = context.open_to_read();
  const VersionRecord record = version_of_project(registry, project, version, "version show");
  if (json) {
    print_json(exeml_json(registry, record));
    return 0;
  }
  print_exeml(registry, record, view);
  if (!version.empty() || project != record.job) return 0;
  ListOptions options;
  options.limit = kVersionsInShow;
  const auto versions = registry.list_versions(project, options);
  if (versions.rows.size() > 1) {
    print("\n" +
          version_table(versions.rows, {}, false, deviations_of(registry, versions.rows)).text());
    if (versions.total > kVersionsInShow) note(fmt::format("all: mat version list {}", project));
  }
  return 0;
}

void add_train(CLI::App* group, Context& context) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* command =
      group->add_subcommand("train", "Train a classifier from labelled pictures, without settings");
  command
      ->add_option("DATA", options->data,
                   "A folder of labelled pictures, a manifest, or a dataset: flowers, flowers@V002")
      ->required();
  command->add_option("--project", options->project, "The ExeML project; made when absent")
      ->type_name("P")
      ->required();
  command->add_option("--dataset-version", options->dataset_version, "Version of the dataset")
      ->type_name("V");
  command
      ->add_option("--train-ratio", options->train_ratio,
                   "Share of the pictures to train on where the data is not split yet")
      ->type_name("RATIO")
      ->capture_default_str();
  command
      ->add_option("--incremental-version", options->incremental,
                   "Start from the weights of this version of the project: V001, best or none")
      ->type_name("V");
  CLI::Option* longer =
      command->add_option("--max-duration", options->max_duration,
                          "Minutes after which the model is finished at the latest, 6 to 6000");
  longer->type_name("MINUTES")->capture_default_str();
  command
      ->add_option("--short-duration", options->short_duration,
                   "Less than 6 minutes, for tests and for trying things out")
      ->type_name("MINUTES")
      ->excludes(longer);
  command
      ->add_option("--preference", options->preference,
                   "performance_first: short training, small fast model; accuracy_first: long "
                   "training, larger model, several tried; balance: between them")
      ->check(CLI::IsMember({"performance_first", "balance", "accuracy_first"}))
      ->capture_default_str();
  command->add_option("--flavor", options->flavor, "What it may take of the machine: cpu.2")
      ->type_name("FLAVOR");
  command
      ->add_option(
          "--weights", options->weights,
          "Pretrained weights to start from: a safetensors file with the keys of timm or "
          "torchvision; by default one in $MAT_WEIGHTS or the home's weights/, if there is "
          "any; none: from scratch")
      ->type_name("FILE");
  command->add_option("--seed", options->seed, "Of every choice by chance")->type_name("N");
  command
      ->add_option("--seeds", options->seeds,
                   "Train so many times with different seeds; results are mean ± deviation")
      ->type_name("N")
      ->check(CLI::Range(1, 100));
  options->format.add_to(command);
  options->train.add_to(command);
  set_action(command, context, [&context, options] { return train_project(context, *options); });
}

}  // namespace

void add_exeml_commands(CLI::App& app, Context& context) {
  struct Flags {
    ListFlags list;
    std::string project, version;
    ExemlViewOptions view;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group =
      add_group(app, "exeml", "Image classifiers from labelled pictures, without code");
  add_train(group, context);

  CLI::App* command = group->add_subcommand("list", "List ExeML projects");
  flags->list.add_to(command, "accuracy > 0.9");
  set_action(command, context, [&context, flags] { return list_projects(context, flags->list); });

  auto deploy = std::make_shared<DeployFlags>();
  command = group->add_subcommand("deploy", "Serve a version over HTTP; see 'mat service deploy'");
  command->add_option("PROJECT", flags->project, "The project")->required();
  command->add_option("VERSION", flags->version, "V001, best or latest; the latest by default");
  deploy->add_to(command);
  set_action(command, context, [&context, flags, deploy] {
    deploy->source = source_of(context, flags->project, flags->version);
    return deploy_service(context, *deploy);
  });

  command = group->add_subcommand(
      "show", "Show a version: results, data, mistakes, and labels that look wrong");
  command->add_option("PROJECT", flags->project, "The project")->required();
  command->add_option("VERSION", flags->version, "V001, best or latest; the latest by default");
  command->add_option("--top", flags->view.top, "How many mistakes and suspicious labels to list")
      ->type_name("N")
      ->check(whole_number_from(0));
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return show_project(context, flags->project, flags->version, flags->view, flags->json);
  });
}

}  // namespace mat
