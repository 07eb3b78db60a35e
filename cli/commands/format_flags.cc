#include "cli/commands/format_flags.h"

#include <fmt/core.h>

#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

// "FROM=TO", parted at the last '=' or the first one.
std::pair<std::string, std::string> parted(const std::string& option, const std::string& text,
                                           bool at_last) {
  const std::size_t at = at_last ? text.rfind('=') : text.find('=');
  if (at == std::string::npos || at == 0) {
    throw Error(ErrorKind::usage, fmt::format("{} '{}' is not FROM=TO", option, text));
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

void FormatFlags::add_to(CLI::App* command) {
  command
      ->add_option("--format", format,
                   "auto, folder (a folder for each class), text (x.txt with the label beside "
                   "x.jpg), csv, manifest (ModelArts) or sagemaker")
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_option("--image-column", image_column, "CSV: the column with the pictures' files")
      ->type_name("NAME");
  command->add_option("--label-column", label_column, "CSV: the column with the labels")
      ->type_name("NAME");
  command->add_option("--usage-column", usage_column, "CSV: the column with train, eval or test")
      ->type_name("NAME");
  command->add_option("--delimiter", delimiter, "CSV: what stands between cells")
      ->type_name("CHAR");
  command->add_option("--label-attribute", label_attribute, "SageMaker: which one is the label")
      ->type_name("NAME");
  command
      ->add_option("--map-source", map_source,
                   "Pictures that begin with the first are below the folder; may be repeated")
      ->type_name("s3://BUCKET/=DIR")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--map-label", map_label,
                   "Call a label otherwise; NEW may be empty, to drop it; may be repeated")
      ->type_name("OLD=NEW")
      ->expected(1)
      ->take_all();
  command->add_flag("--map-labels", map_labels,
                    "Change all that are no labels to the nearest one: letters, digits, '-', '_'");
  command->add_flag("--follow-links", follow_links, "Also links to files outside of the folder");
}

ImportOptions FormatFlags::options() const {
  ImportOptions options;
  options.format = parse_import_format(format);
  options.image_column = image_column;
  options.label_column = label_column;
  options.usage_column = usage_column;
  options.label_attribute = label_attribute;
  options.follow_links = follow_links;
  if (delimiter.size() > 1 && delimiter != "\\t") {
    throw Error(ErrorKind::usage, "--delimiter must be one character, or \\t");
  }
  if (!delimiter.empty()) options.delimiter = delimiter == "\\t" ? '\t' : delimiter.front();
  for (const std::string& text : map_source) {
    options.sources.push_back(parted("--map-source", text, false));
  }
  for (const std::string& text : map_label) {
    options.labels.insert(parted("--map-label", text, true));
  }
  if (map_labels) options.bad_labels = ImportOptions::BadLabels::map;
  return options;
}

}  // namespace mat
