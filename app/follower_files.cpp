// FollowerNode: files that its leader has.
#include "app/follower_node.hpp"
#include "eventstore/sha256_stream.hpp"

#include <spdlog/spdlog.h>
#include <system_error>
#include <utility>

namespace verbatim {
namespace {

constexpr auto blob_patience = std::chrono::seconds(30);  // for each step of it
constexpr std::size_t piece_bytes = 256 * 1024;

StoreResult<Digest> digest_of(const std::filesystem::path& path) {
    const auto file = open_to_read(path);
    if (!file) return failure(file.error());
    Sha256Stream sha256;
    for (std::uint64_t at = 0;;) {
        const auto piece = read_at(*file, at, piece_bytes);
        if (!piece) return failure(piece.error());
        if (piece->empty()) return sha256.finish();
        sha256.add(*piece);
        at += piece->size();
    }
}

// In quotes, as an ETag is.
std::string tag_of(const Digest& digest) {
    return "\"" + hex_text(digest) + "\"";
}

}  // namespace

bool FollowerNode::fetch_blob(const Digest& digest) {
    const BlobStore& blobs = engine_->uploads().blobs();
    {
        std::unique_lock lock(mutex_);
        blob_arrived_.wait(lock, [&] { return !blobs_on_their_way_.contains(digest); });
        if (blobs.has(digest)) return true;
        blobs_on_their_way_.insert(digest);
    }
    const bool is_here = download_blob(digest);
    {
        const std::lock_guard lock(mutex_);
        blobs_on_their_way_.erase(digest);
    }
    blob_arrived_.notify_all();
    return is_here;
}

bool FollowerNode::download_blob(const Digest& digest) {
    const std::string name = hex_text(digest);
    const std::filesystem::path file = configuration_.data / ("fetched." + name);
    LeaderRequest request = get("/internal/blobs/" + name);
    request.answer_bytes_max = configuration_.max_file_mib << 20;
    request.patience = blob_patience;
    const auto answer = client_->download(std::move(request), file);
    std::error_code ignored;
    if (!answer || answer->status != 200) {
        std::filesystem::remove(file, ignored);
        return false;
    }
    const auto found = digest_of(file);
    if (!found || *found != digest) {
        log_->error("file {}: the leader gave other bytes than its name says", name);
        std::filesystem::remove(file, ignored);
        return false;
    }
    const auto kept = engine_->uploads().keep_blob(digest, file);
    if (!kept) log_->error("file {} was not kept: {}", name, describe(kept.error()));
    return kept.has_value();
}

Expected<BroughtFile, LeaderCallFault> FollowerNode::bring(LeaderCall call) {
    if (commands_paused()) return failure(LeaderCallFault::away);
    const std::string target = call.target;
    const std::filesystem::path file =
        configuration_.data / ("brought." + std::to_string(files_brought_++));
    LeaderRequest request = request_of(std::move(call));
    request.answer_bytes_max = configuration_.max_file_mib << 20;
    request.patience = blob_patience;
    auto answer = client_->download(std::move(request), file);
    const bool is_there = answer && answer->status == 200;
    const auto digest = is_there ? digest_of(file) : StoreResult<Digest>();
    auto bytes = is_there ? open_to_read(file) : StoreResult<FileHandle>();
    const auto size = is_there && bytes ? size_of(*bytes) : StoreResult<std::uint64_t>();
    // It is open: it needs no name.
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    if (!answer) return failure(LeaderCallFault::no_answer);
    const bool is_whole =
        is_there && bytes && size && digest && answer->header("etag") == tag_of(*digest);
    BroughtFile brought{
        .head = {.status = answer->status, .headers = std::move(answer->headers), .body = {}},
        .bytes = std::nullopt};
    if (!is_there) return brought;
    if (!is_whole) {
        log_->error("{}: the bytes that the leader gave were not kept, or are others", target);
        return failure(LeaderCallFault::no_answer);
    }
    brought.bytes.emplace(std::move(*bytes), *size);
    return brought;
}

}  // namespace verbatim
