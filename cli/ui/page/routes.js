// Which view draws which address.

import {view as algorithms} from "./view_algorithms.js";
import {view as algorithm} from "./view_algorithm.js";
import {view as compare} from "./view_compare.js";
import {view as dataset} from "./view_dataset.js";
import {view as datasets} from "./view_datasets.js";
import {orDeleted} from "./view_deleted.js";
import {view as experiment} from "./view_experiment.js";
import {view as experiments} from "./view_experiments.js";
import {view as job} from "./view_job.js";
import {view as jobs} from "./view_jobs.js";
import {view as model} from "./view_model.js";
import {view as models} from "./view_models.js";
import {view as overview} from "./view_overview.js";
import {view as params} from "./view_params.js";
import {view as paramsOne} from "./view_params_one.js";
import {view as pools} from "./view_pools.js";
import {view as service} from "./view_service.js";
import {view as services} from "./view_services.js";
import {view as version} from "./view_version.js";
import {view as versions} from "./view_versions.js";
import {view as visualizations} from "./view_visualizations.js";

export const ROUTES = [
  [/^\/$/, overview],
  [/^\/jobs$/, jobs],
  [/^\/jobs\/([^/]+)$/, orDeleted("job", ["Jobs", "/jobs"], job)],
  [/^\/versions$/, versions],
  [/^\/versions\/([^/]+)$/, orDeleted("version", ["Versions", "/versions"], version)],
  [/^\/compare$/, compare],
  [/^\/experiments$/, experiments],
  [/^\/experiments\/([^/]+)$/,
   orDeleted("experiment", ["Experiments", "/experiments"], experiment)],
  [/^\/datasets$/, datasets],
  [/^\/datasets\/([^/]+)$/, orDeleted("dataset", ["Datasets", "/datasets"], dataset)],
  [/^\/models$/, models],
  [/^\/models\/([^/]+)$/, orDeleted("model", ["Models", "/models"], model)],
  [/^\/services$/, services],
  [/^\/services\/([^/]+)$/, orDeleted("service", ["Services", "/services"], service)],
  [/^\/algorithms$/, algorithms],
  [/^\/algorithms\/([^/]+)$/,
   orDeleted("algorithm", ["Algorithms", "/algorithms"], algorithm)],
  [/^\/params$/, params],
  [/^\/params\/([^/]+)$/, orDeleted("params", ["Parameters", "/params"], paramsOne)],
  [/^\/visualizations$/, visualizations],
  [/^\/pools$/, pools],
];

export const MENU = [
  ["Training", [["Overview", "/"], ["Jobs", "/jobs"], ["Versions", "/versions"],
                ["Experiments", "/experiments"]]],
  ["Data and results", [["Datasets", "/datasets"], ["Models", "/models"],
                        ["Services", "/services"]]],
  ["Set-up", [["Algorithms", "/algorithms"], ["Parameters", "/params"],
              ["Visualizations", "/visualizations"], ["Pools", "/pools"]]],
];
