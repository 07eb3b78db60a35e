#include "cli/commands/version_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/commands/plot_data.h"
#include "cli/commands/plotted_version.h"
#include "cli/commands/views.h"
#include "cli/output/live_frame.h"
#include "cli/output/text_lines.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/metrics/deviation.h"
#include "core/plot/plot_png.h"
#include "core/plot/plot_svg.h"
#include "core/plot/text_plot.h"

namespace mat {
namespace {

constexpr TerminalSize kSizeWithoutTerminal{80, 24};
constexpr int kPictureWidth = 960, kPanelHeight = 320;
// For screens with twice as many pixels.
constexpr int kPngScale = 2;
constexpr int kLeastWidth = 20, kMostWidth = 10'000;
// A panel needs so many lines to be worth looking at; more than the most show nothing new.
constexpr int kRowsOfPanel = 11, kFewestRows = 8, kMostRows = 32;
constexpr std::size_t kPointsInPicture = 2000, kPointsOfColumn = 4;
constexpr auto kPollInterval = std::chrono::milliseconds(250);

struct PlotFlags {
  std::vector<std::string> references, metrics;
  double smooth = 0;
  std::string x = "step", svg, png;
  int width = 0, height = 0;  // 0: what there is room for
  bool follow = false, csv = false, json = false;
};

PlotAxis axis_named(const std::string& name) {
  if (name == "epoch") return PlotAxis::epoch;
  return name == "time" ? PlotAxis::time : PlotAxis::step;
}

class VersionPlot {
 public:
  VersionPlot(const Context& context, const PlotFlags& flags) : context_(context), flags_(flags) {
    if (flags.follow && (flags.csv || flags.json || !flags.svg.empty() || !flags.png.empty())) {
      throw Error(ErrorKind::usage, "--follow draws in the terminal only",
                  "leave it out: --csv, --json, --svg and --png give the curves as they are now");
    }
    Registry registry = context.open_to_read();
    for (const std::string& reference : flags.references) {
      VersionRecord version = registry.version(reference);
      const bool is_there =
          std::any_of(versions_.begin(), versions_.end(),
                      [&](const PlottedVersion& other) { return other.record().id == version.id; });
      if (is_there) continue;
      std::filesystem::path folder = registry.home().version_folder(version.job, version.number);
      versions_.emplace_back(std::move(version), std::move(folder));
    }
    update();
  }

  int run() {
    if (flags_.follow) return follow();
    const std::vector<std::string> notes = notes_of_empty();
    const std::vector<MetricGroup> groups = chosen_groups();
    const bool has_pictures = !flags_.svg.empty() || !flags_.png.empty();
    if (!flags_.json && !flags_.csv && !has_pictures) {
      draw(groups, notes);
      return 0;
    }
    tell(notes);
    if (has_pictures) write_pictures(groups);
    if (flags_.json) print_json(plot_json(groups, versions_, options(kPointsInPicture)));
    if (flags_.csv) print_plot_csv(groups, versions_, options(0));
    return 0;
  }

 private:
  void update() {
    for (PlottedVersion& version : versions_) version.update();
  }

  void read_records() {
    Registry registry = context_.open_to_read();
    for (PlottedVersion& version : versions_) {
      version.set_record(registry.version(version.record().id));
    }
  }

  bool any_is_active() const {
    return std::any_of(versions_.begin(), versions_.end(), [](const PlottedVersion& version) {
      return is_active(version.record().status);
    });
  }

  // Of all versions, in the order of their first points.
  std::vector<std::string> known_metrics() const {
    std::vector<std::string> names;
    for (const PlottedVersion& version : versions_) {
      for (const std::string& name : version.metrics()) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
    return names;
  }

  // A note for each version that has no points. Throws where none has any.
  std::vector<std::string> notes_of_empty() const {
    std::vector<std::string> empty;
    for (const PlottedVersion& version : versions_) {
      if (version.curves().curves().empty()) empty.push_back(version.record().reference());
    }
    if (empty.size() == versions_.size()) {
      throw Error(ErrorKind::not_found,
                  fmt::format("{} {} no points{}", join(empty, ", "),
                              empty.size() == 1 ? "has" : "have", any_is_active() ? " yet" : ""),
                  any_is_active() ? "--follow waits for them" : "");
    }
    for (std::string& reference : empty) reference += " has no points";
    return empty;
  }

  std::vector<MetricGroup> wanted_groups(const std::vector<std::string>& known) const {
    if (flags_.metrics.empty()) {
      // By how much seeds vary is one number, and no curve.
      std::vector<std::string> drawn;
      for (const std::string& name : known) {
        const bool is_deviation =
            std::any_of(known.begin(), known.end(),
                        [&](const std::string& other) { return name == deviation_name(other); });
        if (!is_deviation) drawn.push_back(name);
      }
      return metric_groups(drawn);
    }
    std::vector<MetricGroup> groups;
    for (const std::string& metric : flags_.metrics) groups.push_back({metric, {metric}});
    return groups;
  }

  // Throws where there is no such metric.
  std::vector<MetricGroup> chosen_groups() const {
    std::vector<std::string> known = known_metrics();
    std::vector<MetricGroup> groups = wanted_groups(known);
    std::sort(known.begin(), known.end());
    for (const std::string& metric : flags_.metrics) {
      if (std::binary_search(known.begin(), known.end(), metric)) continue;
      std::string hint = name_hint(metric, known);
      if (hint.rfind("known", 0) != 0) hint += "; known: " + join(known, ", ");
      throw Error(ErrorKind::not_found,
                  fmt::format("there is no metric '{}' in {}", metric,
                              versions_.size() == 1 ? versions_.front().record().reference()
                                                    : "these versions"),
                  hint);
    }
    return groups;
  }

  PanelOptions options(std::size_t points) const {
    return {axis_named(flags_.x), flags_.smooth, points};
  }

  static TerminalSize size_to_draw() {
    TerminalSize size = stdout_size();
    if (size.columns == 0) size = kSizeWithoutTerminal;
    // A line is left for the prompt.
    return {size.columns, size.rows - 1};
  }

  // That the notes take of the window of a plot above them.
  static int rows_of(const std::vector<std::string>& notes) {
    const int columns = stderr_width();
    if (columns == 0 || stdout_width() == 0) return 0;
    int rows = 0;
    for (const std::string& text : notes) {
      rows += (display_width(kNotePrefix) + display_width(text) + columns - 1) / columns;
    }
    return rows;
  }

  TerminalSize with_flags(TerminalSize size) const {
    if (flags_.width > 0) size.columns = flags_.width;
    if (flags_.height > 0) size.rows = flags_.height;
    return size;
  }

  // Those that were asked for, otherwise as many as have room.
  std::size_t shown_panels(const std::vector<MetricGroup>& groups, TerminalSize room) const {
    const auto fit = static_cast<std::size_t>(std::max(1, with_flags(room).rows / kRowsOfPanel));
    return flags_.metrics.empty() ? std::min(groups.size(), fit) : groups.size();
  }

  // With the notes below. They depend on the panels, and take of the room for these.
  void draw(const std::vector<MetricGroup>& groups, const std::vector<std::string>& notes) const {
    const TerminalSize window = size_to_draw();
    std::size_t panels = shown_panels(groups, window);
    std::vector<std::string> all_notes;
    TerminalSize room;
    for (bool names_rest = true;;) {
      all_notes = notes;
      for (std::string& line : notes_of(groups, panels, names_rest)) {
        all_notes.push_back(std::move(line));
      }
      room = {window.columns, window.rows - rows_of(all_notes)};
      const bool has_room = with_flags(room).rows >= static_cast<int>(panels) * kFewestRows;
      if (has_room || !flags_.metrics.empty() || !names_rest) break;
      if (panels > 1) {
        --panels;
      } else {
        names_rest = false;
      }
    }
    print(text_of(groups, panels, room));
    tell(all_notes);
  }

  std::string text_of(const std::vector<MetricGroup>& groups, std::size_t panels,
                      TerminalSize room) const {
    const TerminalSize size = with_flags(room);
    TextPlotOptions look;
    look.width = size.columns;
    look.height = std::clamp(size.rows / static_cast<int>(std::max<std::size_t>(1, panels)),
                             kFewestRows, kMostRows);
    // What was asked for.
    if (flags_.height > 0) look.height = flags_.height / static_cast<int>(panels);
    look.has_unicode = has_unicode();
    look.has_colour = stdout_has_colour();
    const auto points = kPointsOfColumn * static_cast<std::size_t>(std::max(1, size.columns));
    std::string text;
    for (std::size_t i = 0; i < panels; ++i) {
      const PlotPanel panel = panel_of(groups[i], versions_, options(points));
      for (const TextLine& line : text_plot(panel, look)) {
        text += line_text(line, look.has_colour);
      }
    }
    return text;
  }

  // What is odd about the first panels, and which ones, or how many, are not shown.
  std::vector<std::string> notes_of(const std::vector<MetricGroup>& groups, std::size_t panels,
                                    bool names_rest = true) const {
    const std::vector<MetricGroup> drawn(groups.begin(),
                                         groups.begin() + static_cast<std::ptrdiff_t>(panels));
    std::vector<std::string> notes;
    for (const std::string& line : odd_point_notes(drawn, versions_)) {
      notes.push_back(printable(line));
    }
    if (panels == groups.size()) return notes;
    std::vector<std::string> rest;
    for (std::size_t i = panels; i < groups.size(); ++i) {
      rest.insert(rest.end(), groups[i].metrics.begin(), groups[i].metrics.end());
    }
    notes.push_back(printable(
        fmt::format("not shown: {}; --metric NAME shows one",
                    names_rest ? join(rest, ", ")
                               : counted(static_cast<std::int64_t>(rest.size()), "more metric"))));
    return notes;
  }

  static void tell(const std::vector<std::string>& notes) {
    for (const std::string& line : notes) note(line);
  }

  void write_pictures(const std::vector<MetricGroup>& all_groups) const {
    // Without a window there is no size that would choose.
    constexpr std::size_t kPanelsOfPicture = 2;
    std::vector<MetricGroup> groups = all_groups;
    if (flags_.metrics.empty()) groups.resize(std::min(groups.size(), kPanelsOfPicture));
    std::vector<PlotPanel> panels;
    for (const MetricGroup& group : groups) {
      panels.push_back(panel_of(group, versions_, options(kPointsInPicture)));
    }
    const auto width = [&](int scale) {
      return flags_.width > 0 ? flags_.width : scale * kPictureWidth;
    };
    const auto height = [&](int scale) {
      return flags_.height > 0 ? flags_.height
                               : scale * kPanelHeight * static_cast<int>(panels.size());
    };
    std::vector<std::string> names;
    for (const PlottedVersion& version : versions_) names.push_back(version.record().reference());
    if (!flags_.svg.empty()) {
      write_file_atomic(flags_.svg, plot_svg(panels, width(1), height(1), join(names, ", ")));
      note(fmt::format("wrote '{}'", printable(flags_.svg)));
    }
    if (!flags_.png.empty()) {
      write_file_atomic(flags_.png, plot_png(panels, width(kPngScale), height(kPngScale)));
      note(fmt::format("wrote '{}'", printable(flags_.png)));
    }
    tell(notes_of(groups, groups.size()));
  }

  // Curves, what is odd about them, and how far each version is.
  std::string frame(TerminalSize room) const {
    std::vector<TextLine> status;
    for (const PlottedVersion& version : versions_) {
      const std::string progress = progress_text(version.progress());
      status.push_back({{fit_width(printable(fmt::format("{}  {}{}", version.record().reference(),
                                                         name_of(version.record().status),
                                                         progress.empty() ? "" : "  " + progress)),
                                   room.columns),
                         -1, TextSpan::Look::dim}});
    }
    std::vector<MetricGroup> groups;
    const std::vector<std::string> known = known_metrics();
    for (const MetricGroup& group : wanted_groups(known)) {
      // One that was asked for may come later: validations follow an epoch of training.
      const bool is_known =
          std::find(known.begin(), known.end(), group.metrics.front()) != known.end();
      if (is_known) groups.push_back(group);
    }
    for (const std::string& line : odd_point_notes(groups, versions_)) {
      status.push_back({{fit_width(printable(line), room.columns), -1, TextSpan::Look::plain}});
    }
    const auto most = static_cast<std::size_t>(std::max(1, room.rows / 3));
    if (status.size() > most) status.resize(most);
    const int left = room.rows - static_cast<int>(status.size());
    if (!groups.empty()) {
      const auto fit = static_cast<std::size_t>(std::max(1, left / kFewestRows));
      groups.resize(std::min(groups.size(), fit));
    }
    const TerminalSize above{room.columns, left};
    std::string text =
        groups.empty() ? "no points yet\n" : text_of(groups, shown_panels(groups, above), above);
    for (const TextLine& line : status) text += line_text(line, stdout_has_colour());
    return first_lines(text, room.rows);
  }

  static std::string first_lines(const std::string& text, int count) {
    std::size_t end = 0;
    for (int line = 0; line < count && end < text.size(); ++line) {
      end = std::min(text.find('\n', end), text.size() - 1) + 1;
    }
    return text.substr(0, end);
  }

  int follow() {
    const SignalsAsStop signals;
    LiveFrame live;
    const bool is_live = stdout_is_drawable();
    for (;;) {
      // The status is read before the points, so that those before the end are drawn.
      read_records();
      const bool is_over = !any_is_active();
      update();
      if (is_live) live.draw([this](TerminalSize room) { return frame(room); });
      if (is_over) break;
      std::this_thread::sleep_for(kPollInterval);
      if (!SignalsAsStop::reason().empty()) return static_cast<int>(ErrorKind::interrupted);
    }
    tell(notes_of_empty());
    const std::vector<MetricGroup> groups = chosen_groups();
    const TerminalSize room = size_to_draw();
    if (!is_live) print(text_of(groups, shown_panels(groups, room), room));
    return 0;
  }

  const Context& context_;
  const PlotFlags& flags_;
  std::vector<PlottedVersion> versions_;
};

}  // namespace

void add_version_plot(CLI::App* group, Context& context) {
  auto flags = std::make_shared<PlotFlags>();
  CLI::App* command =
      group->add_subcommand("plot", "Draw the curves of versions in the terminal or into a file");
  command->add_option("REF", flags->references, "JOB@V0003 …; JOB is its latest")->required();
  command->add_option("--metric", flags->metrics, "What to draw; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--smooth", flags->smooth, "Smooth as TensorBoard does, like 0.6; 0: not at all")
      ->type_name("WEIGHT")
      ->check(CLI::Range(0.0, 0.9999));
  command->add_option("--x", flags->x, "What goes to the right: step, epoch or time")
      ->type_name("AXIS")
      ->check(CLI::IsMember({"step", "epoch", "time"}))
      ->capture_default_str();
  command->add_flag("-f,--follow", flags->follow, "Draw again until the versions have ended");
  CLI::Option* csv = command->add_flag("--csv", flags->csv, "Print every point as CSV");
  command->add_option("--svg", flags->svg, "Draw into an SVG file")->type_name("FILE");
  command->add_option("--png", flags->png, "Draw into a PNG file")->type_name("FILE");
  command->add_option("--width", flags->width, "Columns; of a picture pixels")
      ->type_name("N")
      ->check(CLI::Range(kLeastWidth, kMostWidth));
  command->add_option("--height", flags->height, "Lines; of a picture pixels")
      ->type_name("N")
      ->check(CLI::Range(kFewestRows, kMostWidth));
  add_json_flag(command, flags->json);
  csv->excludes("--json");
  set_action(command, context, [&context, flags] {
    for (const std::string& picture : {flags->svg, flags->png}) {
      if (!picture.empty()) require_folder_of(picture);
    }
    return VersionPlot(context, *flags).run();
  });
}

}  // namespace mat
