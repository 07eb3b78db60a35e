// What can be done with versions, models, services and the like.

import {askForAction} from "./action_dialog.js";
import {address} from "./api.js";
import {h} from "./dom.js";
import {bytes} from "./format.js";
import {navigate, to} from "./router.js";
import {versionLink} from "./parts.js";

const link = (href, text) => h("a", {href}, text);

export function stopVersion(reference) {
  return askForAction({
    title: `Stop ${reference}`, action: "stop_version", fixed: {reference}, verb: "Stop",
    intro: h("p", {}, "It saves what it has learnt so far and ends as Terminated; it can be " +
                      "resumed."),
    fields: [{key: "force", kind: "check", label: "Kill it at once, without saving"}],
    done: () => ["Stopped ", versionLink(reference)],
  });
}

export function resumeVersion(reference) {
  return askForAction({
    title: `Resume ${reference}`, action: "resume_version", fixed: {reference}, verb: "Resume",
    intro: h("p", {}, "It goes on from its last checkpoint, in the background."),
    done: () => ["Resumed ", versionLink(reference)],
  });
}

export function deleteVersion(reference) {
  const job = reference.split("@")[0];
  return askForAction({
    title: `Delete ${reference}?`, action: "delete_version", fixed: {reference}, danger: true,
    verb: "Delete",
    intro: [h("p", {}, "This goes, and cannot be recovered:"),
            h("ul", {}, h("li", {}, h("b", {}, reference), ": its record, results and curves"),
              h("li", {}, "all files in its folder, with weights, checkpoints and log")),
            h("p", {class: "dim"}, "Models made from it stay. Its number is not given again.")],
    done: () => {
      navigate(to.job(job));
      return `Deleted ${reference}`;
    },
  });
}

export function deleteJob(name, versions) {
  return askForAction({
    title: `Delete the job ${name}?`, action: "delete_job", fixed: {name}, danger: true,
    verb: "Delete the job", confirm: name,
    intro: [h("p", {}, "This goes, and cannot be recovered:"),
            h("ul", {}, h("li", {}, "the job ", h("b", {}, name)),
              h("li", {}, h("b", {}, versions === 1 ? "its version"
                                                  : `all its ${versions} versions`),
                ", with results, weights, checkpoints and logs"))],
    done: () => {
      navigate("/jobs");
      return `Deleted the job ${name}`;
    },
  });
}

export function saveParams(reference, known = "") {
  return askForAction({
    title: "Save parameters", action: "save_params", fixed: {reference}, verb: "Save",
    intro: h("p", {}, `The settings of ${reference}, under a name, for new jobs.`),
    fields: [{key: "name", label: "Name", required: true, value: known},
             {key: "description", label: "Description"}],
    done: (result, values) => ["Saved as ", link(to.params(values.name), values.name)],
  });
}

export function createModel(reference) {
  return askForAction({
    title: "Create a model", action: "create_model", fixed: {reference}, verb: "Create",
    intro: h("p", {}, `Registers what ${reference} has learnt, with a name and a number. The ` +
                      "model keeps files of its own."),
    fields: [{key: "name", label: "Name", required: true, value: reference.split("@")[0]},
             {key: "model_version", label: "Version", placeholder: "the next one",
              hint: "Like 1.2.0; by default the next number."},
             {key: "description", label: "Description"}],
    done: (result, values) => ["Created ", link(to.model(result.reference ?? values.name),
                                                result.reference ?? values.name)],
  });
}

export function deploy(source) {
  return askForAction({
    title: `Deploy ${source}`, action: "deploy", fixed: {source}, verb: "Deploy",
    intro: h("p", {}, "A service on this machine that says what pictures show, over HTTP."),
    fields: [{key: "name", label: "Name of the service", placeholder: "made from the model's"},
             {key: "auto_stop", label: "Stop by itself after", placeholder: "never",
              hint: "A time like 4h or 30m."}],
    done: (result) => {
      if (result.name) navigate(to.service(result.name));
      return result.address ? ["Answers at ", h("a", {href: result.address, target: "_blank",
                                                      rel: "noopener"}, result.address)]
                            : "Deployed";
    },
  });
}

export function exportModel(reference, folder) {
  return askForAction({
    title: `Export ${reference}`, action: "export_model", fixed: {reference}, verb: "Export",
    intro: h("p", {}, "Writes a file for other programs on the machine that mat ui runs on, once " +
                      "it has answered as the model does. It can be downloaded then."),
    fields: [{key: "format", label: "Format", value: "onnx",
              choices: ["onnx", "torchscript", "safetensors"]},
             {key: "output", label: "File", placeholder: "named after the model",
              hint: `By default in ${folder}, where mat ui was started.`},
             {key: "replace", kind: "check", label: "Overwrite the file"}],
    done: (result) => ["Wrote ", h("code", {class: "path"}, result.file),
                       ` (${bytes(result.bytes)}): `,
                       h("a", {href: address("export", {file: result.file}),
                               download: result.file.split("/").pop()}, "download")],
  });
}

export function setAlias(reference) {
  return askForAction({
    title: `An alias of ${reference}`, action: "set_alias", fixed: {reference}, verb: "Set",
    intro: h("p", {}, "A name that can move on to another version. What is asked for by it gets " +
                      "this version from now on."),
    fields: [{key: "alias", label: "Alias", required: true, placeholder: "champion"}],
    done: (result) => `${result.alias} means ${result.reference} now`,
  });
}

export const removeAlias = (model, alias) => askForAction({
  title: `Remove the alias ${alias}?`, action: "remove_alias", fixed: {model, alias},
  verb: "Remove", danger: true,
  intro: h("p", {}, `${model}@${alias} means nothing then. The version stays.`),
  done: (result) => `${result.alias} is gone`,
});

// `suggestions` are what it could serve instead.
export function updateService(name, source, suggestions) {
  return askForAction({
    title: `Update ${name}`, action: "update_service", fixed: {name}, verb: "Update",
    intro: h("p", {}, `It serves ${source}. Another model takes its place at once, without a ` +
                      "failed request; a service that does not run has it from its next start on."),
    fields: [{key: "source", label: "Model", required: true, suggestions,
              placeholder: suggestions[0] ?? "flowers@1.0.1",
              hint: "A version of a model or job."}],
    done: (result) => `${name} serves ${result.source}`,
  });
}

export function visualize(references) {
  return askForAction({
    title: "Visualize in TensorBoard", action: "visualize", fixed: {references}, verb: "Start",
    intro: h("p", {}, `TensorBoard on ${references.join(", ")}. It ends by itself after a while.`),
    done: (result) => result.address
      ? ["TensorBoard: ", h("a", {href: result.address, target: "_blank", rel: "noopener"},
                            result.address)]
      : ["Started; see ", link("/visualizations", "Visualizations")],
  });
}

// Actions that only want a yes.
function plain(title, action, fixed, verb, intro, danger, after) {
  return () => askForAction({
    title, action, fixed, verb, danger, intro: h("p", {}, intro),
    done: () => {
      if (after) navigate(after);
      return `${title.replace(/\?$/, "")}: done`;
    },
  });
}

export const startService = (name) => plain(
  `Start ${name}`, "start_service", {name}, "Start", "It starts again as it was deployed.")();
export const stopService = (name) => askForAction({
  title: `Stop ${name}`, action: "stop_service", fixed: {name}, verb: "Stop",
  intro: h("p", {}, "It answers what is under way, and ends."),
  fields: [{key: "force", kind: "check", label: "Kill it at once"}],
  done: () => `Stop ${name}: done`,
});
export const deleteService = (name) => plain(
  `Delete the service ${name}?`, "delete_service", {name}, "Delete",
  "The service and its log go. Its model stays.", true, "/services")();
export const startVisualization = (name) => plain(
  `Start ${name}`, "start_visualization", {name}, "Start", "TensorBoard starts again.")();
export const stopVisualization = (name) => plain(
  `Stop ${name}`, "stop_visualization", {name}, "Stop", "TensorBoard ends.")();
export const deleteVisualization = (name) => plain(
  `Delete ${name}?`, "delete_visualization", {name}, "Delete",
  "The entry goes. The versions stay, with all their curves.", true)();
export const deleteParams = (name) => plain(
  `Delete ${name}?`, "delete_params", {name}, "Delete",
  "The saved settings go. Versions that were made from them stay.", true, "/params")();
export const deleteModel = (name) => plain(
  `Delete ${name}?`, "delete_model", {name}, "Delete",
  name.includes("@") ? `${name} and its files go. What it was made from stays.`
                     : `The model ${name}, all its versions and their files go. What they were ` +
                       "made from stays.", true, "/models")();
export const deleteDataset = (name) => plain(
  `Delete ${name}?`, "delete_dataset", {name}, "Delete",
  name.includes("@") ? `The version ${name} goes. The pictures stay.`
                     : `The dataset ${name} and all its versions go. The pictures stay.`,
  true, "/datasets")();

export function publishDataset(dataset) {
  return askForAction({
    title: `Publish ${dataset}`, action: "publish_dataset", fixed: {dataset}, verb: "Publish",
    intro: h("p", {}, "Makes a version that never changes, to train with."),
    fields: [{key: "train_ratio", label: "Share for training", placeholder: "0.8",
              hint: "Of the pictures whose usage is not decided."},
             {key: "name", label: "Name beside its number"},
             {key: "description", label: "What is new in it"}],
    done: (result) => {
      if (result.reference) navigate(to.dataset(result.reference));
      return `Published ${result.reference ?? dataset}`;
    },
  });
}

export function createJob(params) {
  return askForAction({
    title: `A job from ${params}`, action: "create_job", fixed: {params}, verb: "Train",
    intro: h("p", {}, `Trains with the settings of ${params}, in the background.`),
    fields: [{key: "name", label: "Name of the job", required: true,
              hint: "The job gets its next version if it is there already."}],
    done: (result, values) => {
      navigate(result.reference ? to.version(result.reference) : to.job(values.name));
      return `Started ${result.reference ?? values.name}`;
    },
  });
}
