#pragma once

#include <filesystem>

#include "core/dataset/picture_set.h"
#include "core/dataset/split.h"

namespace mat {

// Reads ROOT/CLASS/files, or ROOT/train/CLASS/files with val (also valid, validation, eval) and
// test beside it. Folders below a class belong to it. Where there is no validation folder, every
// class is split by split_classes().
//
// Any regular file counts as a picture unless its name says otherwise (hidden, Thumbs.db,
// desktop.ini, .txt, .csv, .json, .md, .xml, .yaml): its bytes decide later. Links to files are
// followed, and a link that leads nowhere counts as a picture that cannot be read. Links to folders
// are followed when they stay inside ROOT and do not lead back; a class that is a link to
// elsewhere is an error. Hidden folders and __MACOSX are passed over.
//
// Opens no file. Throws usage errors: no such folder, fewer than two classes, classes without any
// picture, a class of the validation or test folder that train lacks; io errors for folders that
// cannot be read.
PictureSet read_image_folder(const std::filesystem::path& root, const SplitOptions& options);

}  // namespace mat
