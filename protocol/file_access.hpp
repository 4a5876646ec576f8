#pragma once

#include "protocol/request_json.hpp"
#include "protocol/uploads.hpp"

namespace verbatim {

// A file that `user` may read, and so attach: an upload of its own, whole and not yet expired; one
// that it was the first to post; one that a live message shows in a part of a room that it may
// read. 404 not_found for any other: nobody learns that it is there.
[[nodiscard]] Answer<Attachment> readable_file(
    const Views& views, const Uploads& uploads, const FileId& file, const UserId& user
);

// The same as 404 attachment_not_found. What it refers to must outlive it.
[[nodiscard]] FindAttachment attachments_of(
    const Views& views, const Uploads& uploads, const UserId& user
);

}  // namespace verbatim
