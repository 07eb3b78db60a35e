#include "core/lineage/layered_layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mat {
namespace {

constexpr double kBetweenColumns = 90;
constexpr double kBetweenBoxes = 16;
constexpr double kBesideLines = 10;  // lines that pass a column keep less distance
constexpr double kBetweenEnds = 15;  // of lines at one side of a box
constexpr int kOrderSweeps = 12;
constexpr int kPlaceSweeps = 10;

// A box, or where a line passes a column.
struct Place {
  std::size_t column = 0;
  double height = 0, centre = 0;
  bool is_box = true;
  std::vector<std::size_t> before, after;  // neighbours in the columns beside it
};

class Layout {
 public:
  Layout(std::vector<LayoutBox>& boxes, std::vector<LayoutLine>& lines)
      : boxes_(boxes), lines_(lines) {}

  LayeredLayout run() {
    assign_columns();
    make_places();
    order_columns();
    place_columns();
    return write();
  }

 private:
  // The longest way decides; what begins a way stands just before what it leads to.
  void assign_columns() {
    std::vector<std::vector<std::size_t>> out(boxes_.size());
    std::vector<std::size_t> waiting(boxes_.size()), order;
    std::vector<bool> has_parent(boxes_.size());
    for (const LayoutLine& line : lines_) {
      out[line.from].push_back(line.to);
      ++waiting[line.to];
      has_parent[line.to] = true;
    }
    column_.assign(boxes_.size(), 0);
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      if (waiting[i] == 0) order.push_back(i);
    }
    for (std::size_t at = 0; at < order.size(); ++at) {
      for (const std::size_t to : out[order[at]]) {
        column_[to] = std::max(column_[to], column_[order[at]] + 1);
        if (--waiting[to] == 0) order.push_back(to);
      }
    }
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      if (has_parent[i] || out[i].empty()) continue;
      std::size_t nearest = column_[out[i].front()];
      for (const std::size_t to : out[i]) nearest = std::min(nearest, column_[to]);
      column_[i] = nearest - 1;
    }
  }

  std::size_t add_place(std::size_t column, double height, bool is_box) {
    places_.push_back({column, height, 0, is_box, {}, {}});
    if (columns_.size() <= column) columns_.resize(column + 1);
    columns_[column].push_back(places_.size() - 1);
    return places_.size() - 1;
  }

  void connect(std::size_t left, std::size_t right) {
    places_[left].after.push_back(right);
    places_[right].before.push_back(left);
  }

  void make_places() {
    for (std::size_t i = 0; i < boxes_.size(); ++i) add_place(column_[i], boxes_[i].height, true);
    ways_.resize(lines_.size());
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto [from, to, points] = lines_[i];
      std::size_t last = from;
      for (std::size_t column = column_[from] + 1; column < column_[to]; ++column) {
        const std::size_t passing = add_place(column, 0, false);
        ways_[i].push_back(passing);
        connect(last, passing);
        last = passing;
      }
      connect(last, to);
    }
  }

  // By the mean place of the neighbours, to the right and to the left in turn.
  void order_columns() {
    std::vector<double> rank(places_.size());
    const auto number = [&](const std::vector<std::size_t>& column) {
      for (std::size_t i = 0; i < column.size(); ++i) rank[column[i]] = static_cast<double>(i);
    };
    for (const auto& column : columns_) number(column);
    for (int sweep = 0; sweep < kOrderSweeps; ++sweep) {
      const bool to_right = sweep % 2 == 0;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        auto& column = columns_[to_right ? c : columns_.size() - 1 - c];
        std::vector<double> wanted(column.size());
        for (std::size_t i = 0; i < column.size(); ++i) {
          const Place& place = places_[column[i]];
          const auto& neighbours = to_right ? place.before : place.after;
          wanted[i] = neighbours.empty() ? rank[column[i]] : 0;
          for (const std::size_t n : neighbours) {
            wanted[i] += rank[n] / static_cast<double>(neighbours.size());
          }
        }
        std::vector<std::size_t> order(column.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
        std::vector<std::size_t> sorted;
        sorted.reserve(column.size());
        for (const std::size_t i : order) sorted.push_back(column[i]);
        column = std::move(sorted);
        number(column);
      }
    }
  }

  double distance(std::size_t above, std::size_t below) const {
    const Place &a = places_[above], &b = places_[below];
    const double gap = a.is_box && b.is_box ? kBetweenBoxes : kBesideLines;
    return a.height / 2 + gap + b.height / 2;
  }

  // As near to where its places would be as their order and distances allow: what would overlap
  // moves together, by the mean of what it wants.
  void settle(const std::vector<std::size_t>& column, const std::vector<double>& wanted) {
    struct Group {
      double sum = 0;  // of what the first place of the group is wanted at
      std::size_t count = 0, first = 0;
      double length = 0;  // from its first to its last place
      double at() const { return sum / static_cast<double>(count); }
    };
    std::vector<Group> groups;
    for (std::size_t i = 0; i < column.size(); ++i) {
      groups.push_back({wanted[i], 1, i, 0});
      while (groups.size() > 1) {
        Group& below = groups.back();
        Group& above = groups[groups.size() - 2];
        const double gap = distance(column[below.first - 1], column[below.first]);
        if (above.at() + above.length + gap <= below.at()) break;
        const double shift = above.length + gap;
        above.sum += below.sum - static_cast<double>(below.count) * shift;
        above.count += below.count;
        above.length += gap + below.length;
        groups.pop_back();
      }
    }
    for (const Group& group : groups) {
      double y = group.at();
      for (std::size_t i = group.first; i < group.first + group.count; ++i) {
        if (i > group.first) y += distance(column[i - 1], column[i]);
        places_[column[i]].centre = y;
      }
    }
  }

  void place_columns() {
    for (const auto& column : columns_) {
      std::vector<double> nowhere(column.size(), 0);
      settle(column, nowhere);
    }
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep) {
      const bool to_right = sweep % 2 == 0;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const auto& column = columns_[to_right ? c : columns_.size() - 1 - c];
        std::vector<double> wanted(column.size());
        for (std::size_t i = 0; i < column.size(); ++i) wanted[i] = wanted_centre(column[i]);
        settle(column, wanted);
      }
    }
  }

  double wanted_centre(std::size_t at) const {
    const Place& place = places_[at];
    double sum = 0;
    for (const auto* neighbours : {&place.before, &place.after}) {
      for (const std::size_t n : *neighbours) sum += places_[n].centre;
    }
    const std::size_t count = place.before.size() + place.after.size();
    return count == 0 ? place.centre : sum / static_cast<double>(count);
  }

  // Where lines touch their boxes, one below the other in the order in which they come.
  std::vector<double> ends(bool is_leaving) const {
    std::vector<std::vector<std::size_t>> lines_of(boxes_.size());
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      lines_of[is_leaving ? lines_[i].from : lines_[i].to].push_back(i);
    }
    const auto next = [&](std::size_t line) {
      const auto& way = ways_[line];
      if (way.empty()) return is_leaving ? lines_[line].to : lines_[line].from;
      return is_leaving ? way.front() : way.back();
    };
    std::vector<double> ends(lines_.size());
    for (std::size_t box = 0; box < boxes_.size(); ++box) {
      auto& lines = lines_of[box];
      std::stable_sort(lines.begin(), lines.end(), [&](std::size_t a, std::size_t b) {
        return places_[next(a)].centre < places_[next(b)].centre;
      });
      const auto count = static_cast<double>(lines.size());
      const double step = std::min(kBetweenEnds, places_[box].height / (count + 1));
      for (std::size_t i = 0; i < lines.size(); ++i) {
        ends[lines[i]] = places_[box].centre + (static_cast<double>(i) - (count - 1) / 2) * step;
      }
    }
    return ends;
  }

  LayeredLayout write() {
    std::vector<double> left(columns_.size()), right(columns_.size());
    LayeredLayout layout;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      double width = 0;
      for (const std::size_t at : columns_[c]) {
        if (places_[at].is_box) width = std::max(width, boxes_[at].width);
      }
      left[c] = layout.width + (c == 0 ? 0 : kBetweenColumns);
      right[c] = layout.width = left[c] + width;
    }
    double top = 0, bottom = 0;
    for (std::size_t at = 0; at < places_.size(); ++at) {
      const Place& place = places_[at];
      const double upper = place.centre - place.height / 2;
      top = at == 0 ? upper : std::min(top, upper);
      bottom = at == 0 ? upper + place.height : std::max(bottom, upper + place.height);
    }
    layout.height = bottom - top;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      boxes_[i].x = left[column_[i]];
      boxes_[i].y = places_[i].centre - places_[i].height / 2 - top;
    }
    const auto leaving = ends(true), entering = ends(false);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto [from, to] = std::pair(lines_[i].from, lines_[i].to);
      auto& points = lines_[i].points;
      points = {{boxes_[from].x + boxes_[from].width, leaving[i] - top}};
      for (const std::size_t passing : ways_[i]) {
        const Place& place = places_[passing];
        points.push_back({left[place.column], place.centre - top});
        points.push_back({right[place.column], place.centre - top});
      }
      points.push_back({boxes_[to].x, entering[i] - top});
    }
    return layout;
  }

  std::vector<LayoutBox>& boxes_;
  std::vector<LayoutLine>& lines_;
  std::vector<std::size_t> column_;  // by box
  std::vector<Place> places_;        // the boxes, then where lines pass
  std::vector<std::vector<std::size_t>> columns_;
  std::vector<std::vector<std::size_t>> ways_;  // by line
};

}  // namespace

LayeredLayout lay_out(std::vector<LayoutBox>& boxes, std::vector<LayoutLine>& lines) {
  return Layout(boxes, lines).run();
}

}  // namespace mat
