#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "cli/ui/access.h"
#include "cli/ui/answer_cache.h"
#include "cli/ui/command_runner.h"
#include "cli/ui/curves.h"
#include "cli/ui/events.h"
#include "cli/ui/picture_lists.h"
#include "core/base/home.h"
#include "core/base/task_threads.h"
#include "core/http/server.h"

namespace mat {

// What `mat ui` answers over HTTP: the page, what it shows, and what it does. To be put into an
// HttpServer, whose thread calls it.
//   GET  /assets/…        files of the page; every path that is neither this nor /api is the page
//   GET  /api/…           what a command says (api_commands.h), curves, pictures, logs, files, what
//                         a service counts
//   GET  /api/events      what happens (events.h)
//   POST /api/commands    does something (api_commands.h)
class UiApi {
 public:
  UiApi(Home home, UiAccessOptions access);

  // What has not begun is not done any more; what is under way is, before this ends.
  void stop();

  std::string address() const { return access_.address(); }
  std::optional<HttpResponse> admit(const HttpRequest& request) const;
  void handle(HttpRequest&& request, std::shared_ptr<HttpResponder> responder);

 private:
  HttpResponse answer(const HttpRequest& request);
  HttpResponse shared_answer(const HttpRequest& request, const HttpQuery& query);
  HttpResponse change(const HttpRequest& request);
  Json home_document();
  HttpResponse version(const HttpQuery& query);
  HttpResponse evaluations(const HttpQuery& query) const;
  std::filesystem::path log_file(const HttpQuery& query) const;
  Json log_document(const HttpQuery& query) const;
  HttpResponse picture(const HttpQuery& query);
  HttpResponse artifact(const HttpQuery& query) const;
  HttpResponse model_file(const HttpQuery& query) const;
  HttpResponse exported(const HttpQuery& query);

  Home home_;
  UiAccess access_;
  CommandRunner commands_;
  AnswerCache answers_;
  UiCurves curves_;
  PictureLists pictures_;
  UiEvents events_;
  std::mutex exports_mutex_;
  std::set<std::string> exports_;  // files that were written for pages, which may fetch them
  // End first: what they do uses all that is above.
  TaskThreads readers_, long_readers_, changers_;
};

}  // namespace mat
