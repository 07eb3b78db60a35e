#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/curves/curve_index.h"
#include "core/curves/epochs.h"
#include "core/curves/metric_groups.h"
#include "core/plot/plot.h"
#include "core/registry/records.h"

namespace mat {

enum class PlotAxis { step, epoch, time };

// A version's curves while they are drawn.
class PlottedVersion {
 public:
  PlottedVersion(VersionRecord version, std::filesystem::path folder);

  // Reads what is new. Throws io errors.
  void update();
  // What the registry says by now.
  void set_record(VersionRecord version) { version_ = std::move(version); }

  const VersionRecord& record() const { return version_; }
  const CurveIndex& curves() const { return curves_; }
  const Json& progress() const { return progress_; }

  // In the order of their first points. Of a version of several seeds, each metric once.
  std::vector<std::string> metrics() const;

  struct Curve {
    std::string tag;   // in the event files
    std::string seed;  // empty, or whose curve it is of a version of several seeds
  };
  // Of several seeds, whose own curve is their mean at the end, those of the seeds.
  std::vector<Curve> curves_of(const std::string& metric) const;

  // Throws a usage error where there are no epochs.
  double x_of(PlotAxis axis, double step, double wall_time) const;

 private:
  VersionRecord version_;
  std::filesystem::path folder_;
  CurveIndex curves_;
  Json progress_;
  std::optional<EpochScale> epochs_;
  double first_time_ = 0;
};

struct PanelOptions {
  PlotAxis axis = PlotAxis::step;
  double smooth = 0;         // weight of smoothing, see core/curves/smooth.h
  std::size_t points = 500;  // at most, of each curve
};

// One drawing of a group of metrics: each curve that a version has of them.
PlotPanel panel_of(const MetricGroup& group, const std::vector<PlottedVersion>& versions,
                   const PanelOptions& options);

// What is to be said of points that are no numbers: "loss of clothes@V0001: 3 points are NaN, the
// first at step 120". A line for each curve and kind.
std::vector<std::string> odd_point_notes(const std::vector<MetricGroup>& groups,
                                         const std::vector<PlottedVersion>& versions);

}  // namespace mat
