#include "core/inspect/check_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <span>
#include <utility>

#include "core/base/markup.h"
#include "core/base/text.h"
#include "core/image/encode.h"
#include "core/image/resize.h"
#include "core/inspect/check_page_style.h"

namespace mat {
namespace {

constexpr std::size_t kMostShown = 96;         // pictures or lines of one kind
constexpr std::size_t kMostGroups = 48;        // of pictures that belong together
constexpr std::size_t kMostShownOfGroup = 12;  // pictures of one of those
constexpr int kThumbnailSide = 120;            // the shorter
constexpr int kThumbnailLongest = 320;         // …and the longer, of what is left of a strip
constexpr int kQuality = 72;

class Page {
 public:
  Page(const DatasetCheck& check, std::string_view title) : check_(check), title_(title) {}

  std::string text() {
    head();
    summary();
    classes();
    if (check_.findings.empty()) {
      put("<p class=\"fine\">Nothing was found to be wrong with these pictures.</p>\n");
    }
    for (auto begin = check_.findings.begin(); begin != check_.findings.end();) {
      const auto end = std::find_if(begin, check_.findings.end(),
                                    [&](const Finding& f) { return f.kind != begin->kind; });
      section({begin, end});
      begin = end;
    }
    put("</main>\n</body>\n</html>\n");
    return std::move(text_);
  }

 private:
  using Findings = std::span<const Finding>;

  template <typename... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  void head() {
    put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>Check of {0}</title>\n<style>\n{1}</style>\n</head>\n<body>\n"
        "<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n"
        "<header>\n<h1>{0}</h1>\n<p>{2} pictures in {3} classes",
        markup_text(title_), kCheckPageStyle, check_.picture_count(), check_.classes.size());
    const std::int64_t unreadable = check_.picture_count() - check_.readable;
    if (unreadable > 0) put(", {} unreadable", unreadable);
    if (check_.unlabelled > 0) put(", {} without a label", check_.unlabelled);
    if (check_.several_labels > 0) put(", {} with several labels", check_.several_labels);
    put("</p>\n</header>\n<main>\n");
  }

  void summary() {
    const auto kinds = summarize(check_);
    if (kinds.empty()) return;
    put("<nav aria-label=\"Findings\" id=\"findings\">\n<ul class=\"kinds\">\n");
    for (const auto& k : kinds) {
      const KindText& kind = text_of(k.kind);
      put("<li class=\"{0}\"><a href=\"#{1}\"><b>{2}</b> <span>{3}</span> "
          "<i class=\"severity\">{0}</i></a></li>\n",
          text_of(kind.severity), kind.id, k.findings, markup_text(kind.title));
    }
    put("</ul>\n</nav>\n");
  }

  void classes() {
    if (check_.classes.empty()) return;
    std::int64_t largest = 1;
    for (const auto& c : check_.classes) largest = std::max(largest, c.pictures);
    put("<section aria-labelledby=\"classes\">\n<h2 id=\"classes\">Classes</h2>\n");
    if (check_.has_usages) {
      put("<p class=\"legend\"><span class=\"train\">training</span> <span class=\"val\">validation"
          "</span> <span class=\"test\">test</span> <span class=\"open\">undecided</span></p>\n");
    }
    put("<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">class</th><th scope=\"col\" "
        "class=\"n\">pictures</th><th scope=\"col\"><span class=\"hidden\">as a bar</span></th>"
        "</tr></thead>\n<tbody>\n");
    for (std::size_t i = 0; i < std::min(check_.classes.size(), kMostShown); ++i) {
      const auto& c = check_.classes[i];
      put("<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"bar\">",
          markup_text(c.name), c.pictures);
      const auto bar = [&](const char* name, const char* words, std::int64_t count) {
        if (count == 0) return;
        put("<span class=\"{}\" style=\"width:{:.2f}%\" title=\"{} {}\"></span>", name,
            100.0 * static_cast<double>(count) / static_cast<double>(largest), count, words);
      };
      bar("train", "for training", c.train);
      bar("val", "for validation", c.validation);
      bar("test", "for the test", c.test);
      bar("open", check_.has_usages ? "undecided" : "pictures", c.undecided);
      put("</td></tr>\n");
    }
    put("</tbody>\n</table></div>\n");
    more(check_.classes.size(), kMostShown, "classes");
    put("</section>\n");
  }

  void section(Findings findings) {
    const KindText& kind = text_of(findings.front().kind);
    put("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}{2} <span class=\"count {3}\">{4}"
        "</span></h2>\n<p>{5}{6}.</p>\n",
        kind.id, static_cast<char>(std::toupper(static_cast<unsigned char>(kind.title[0]))),
        markup_text(kind.title + 1), text_of(kind.severity), findings.size(),
        static_cast<char>(std::toupper(static_cast<unsigned char>(kind.advice[0]))),
        markup_text(kind.advice + 1));
    const bool has_pictures =
        !findings.front().pictures.empty() &&
        check_.pictures[findings.front().pictures.front()].view.pixels != nullptr;
    if (!has_pictures) {
      lines(findings);
    } else if (kind.is_group) {
      groups(findings);
    } else {
      put("<div class=\"pictures\">\n");
      for (const Finding& f : findings.first(std::min(findings.size(), kMostShown))) {
        figure(f.pictures.front(), f.detail);
      }
      put("</div>\n");
      more(findings.size(), kMostShown, "");
    }
    put("</section>\n");
  }

  void lines(Findings findings) {
    put("<ul class=\"lines\">\n");
    for (const Finding& f : findings.first(std::min(findings.size(), kMostShown))) {
      put("<li>");
      if (f.pictures.empty()) {
        put("<b>{}</b>", markup_text(f.subject));
      } else {
        const std::uint32_t i = f.pictures.front();
        put("<a href=\"file://{}\">{}</a>", url_path(check_.files.files[i].native()),
            markup_text(check_.files.name(i)));
      }
      put("{}{}</li>\n", f.detail.empty() ? "" : ": ", markup_text(f.detail));
    }
    put("</ul>\n");
    more(findings.size(), kMostShown, "");
  }

  void groups(Findings findings) {
    put("<div class=\"groups\">\n");
    for (const Finding& f : findings.first(std::min(findings.size(), kMostGroups))) {
      put("<div class=\"group\" role=\"group\" aria-label=\"{0}\">\n<p>{0}</p>\n<div "
          "class=\"pictures\">\n",
          markup_text(f.detail));
      for (std::size_t i = 0; i < std::min(f.pictures.size(), kMostShownOfGroup); ++i) {
        figure(f.pictures[i], "");
      }
      put("</div>\n");
      more(f.pictures.size(), kMostShownOfGroup, "");
      put("</div>\n");
    }
    put("</div>\n");
    more(findings.size(), kMostGroups, "groups");
  }

  void more(std::size_t all, std::size_t shown, std::string_view what) {
    if (all <= shown) return;
    put("<p class=\"more\">… and {} more{}{}; --json lists all.</p>\n", all - shown,
        what.empty() ? "" : " ", what);
  }

  void figure(std::uint32_t i, std::string_view detail) {
    const std::string name = check_.files.name(i);
    const std::string shown = markup_text(name);
    put("<figure><a href=\"file://{}\">", url_path(check_.files.files[i].native()));
    image(i, shown);
    put("</a><figcaption><span class=\"name\" title=\"{0}\">{0}</span>", shown);
    chips(i);
    if (!detail.empty()) put("<span class=\"detail\">{}</span>", markup_text(detail));
    put("</figcaption></figure>\n");
  }

  void image(std::uint32_t i, const std::string& name) {
    const auto& picture = check_.pictures[i];
    if (picture.view.pixels == nullptr) {
      put("<span class=\"none\" role=\"img\" aria-label=\"{}: no picture\">no picture</span>",
          name);
      return;
    }
    const auto [width, height] = thumbnail_size(picture.view);
    const auto jpeg = to_jpeg(resize_bilinear(picture.view, width, height), kQuality);
    put("<img alt=\"{}\" width=\"{}\" height=\"{}\" src=\"data:image/jpeg;base64,{}\">", name,
        width, height, base64(jpeg.data(), jpeg.size()));
  }

  static std::pair<int, int> thumbnail_size(const ImageView& view) {
    const double shorter = std::min(view.width, view.height);
    const double longer = std::max(view.width, view.height);
    const double scale = std::min({kThumbnailSide / shorter, kThumbnailLongest / longer, 1.0});
    const auto scaled = [&](int side) { return std::max(1, static_cast<int>(side * scale)); };
    return {scaled(view.width), scaled(view.height)};
  }

  void chips(std::uint32_t i) {
    const auto& files = check_.files;
    put("<span class=\"chips\">");
    const auto label = files.labels[i];
    if (label >= 0) put("<span>{}</span>", markup_text(files.classes[label]));
    if (const auto several = files.several.find(i); several != files.several.end()) {
      for (const auto& name : several->second) put("<span>{}</span>", markup_text(name));
    }
    if (files.usages[i]) {
      const Usage usage = *files.usages[i];
      put("<span class=\"{}\">{}</span>",
          usage == Usage::train        ? "train"
          : usage == Usage::validation ? "val"
                                       : "test",
          usage == Usage::train        ? "training"
          : usage == Usage::validation ? "validation"
                                       : "test");
    }
    const auto& picture = check_.pictures[i];
    if (picture.original_width > 0) {
      put("<small>{}×{}</small>", picture.original_width, picture.original_height);
    }
    put("</span>");
  }

  static std::string url_path(std::string_view path) {
    std::string result;
    for (const char c : path) {
      const bool is_plain = is_letter_or_digit(c) || std::string_view("/-_.~").find(c) != path.npos;
      if (is_plain) {
        result += c;
      } else {
        result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
      }
    }
    return result;
  }

  const DatasetCheck& check_;
  std::string_view title_;
  std::string text_;
};

}  // namespace

std::string check_page(const DatasetCheck& check, std::string_view title) {
  return Page(check, title).text();
}

std::string base64(const void* bytes, std::size_t size) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* from = static_cast<const unsigned char*>(bytes);
  std::string result;
  result.reserve((size + 2) / 3 * 4);
  for (std::size_t i = 0; i < size; i += 3) {
    const std::size_t count = std::min<std::size_t>(size - i, 3);
    const unsigned group =
        from[i] << 16 | (count > 1 ? from[i + 1] << 8 : 0) | (count > 2 ? from[i + 2] : 0);
    for (std::size_t k = 0; k < 4; ++k) {
      result += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return result;
}

}  // namespace mat
