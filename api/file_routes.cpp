#include "api/file_routes.hpp"

#include "api/byte_range.hpp"
#include "api/forwarding.hpp"
#include "api/http_text.hpp"
#include "protocol/file_access.hpp"
#include "protocol/media_type.hpp"

#include <algorithm>
#include <utility>

namespace verbatim::api::files {

namespace {

// Read from the page cache or the disk while the client takes it. Four times the usual piece: at
// hundreds of megabytes a second each call costs.
constexpr std::size_t piece_bytes = 256 * 1024;

using Header = std::pair<std::string, std::string>;

class BlobStream final : public BodyStream {
public:
    BlobStream(Blob blob, std::uint64_t first, std::uint64_t count)
        : blob_(std::move(blob)), at_(first), left_(count) {}

    // A file that cannot be read on ends early, and with it the connection.
    std::optional<std::string> next() override {
        if (left_ == 0) return std::nullopt;
        const auto wanted = std::min<std::uint64_t>(left_, piece_bytes);
        auto piece = blob_.read(at_, static_cast<std::size_t>(wanted));
        if (!piece || piece->empty()) return std::nullopt;
        at_ += piece->size();
        left_ -= piece->size();
        return std::move(*piece);
    }

private:
    Blob blob_;
    std::uint64_t at_;
    std::uint64_t left_;
};

bool names_tag(std::string_view list, std::string_view tag) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        std::string_view member = trimmed(list.substr(0, comma));
        if (member.starts_with("W/")) member.remove_prefix(2);  // weak comparison
        if (member == tag || member == "*") return true;
        if (comma == list.npos) return false;
        list.remove_prefix(comma + 1);
    }
    return false;
}

ByteRange wanted_range(const HttpRequest& request, std::string_view tag, std::uint64_t bytes) {
    const std::string* range = request.header("range");
    if (range == nullptr || request.method != Method::get) return {};
    const std::string* unless_changed = request.header("if-range");
    if (unless_changed != nullptr && trimmed(*unless_changed) != tag) return {};
    return byte_range(*range, bytes);
}

// Characters of RFC 5987's attr-char.
bool goes_unencoded(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
}

std::string encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (goes_unencoded(c)) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

HttpResponse headers_for(const Attachment& file, std::string_view tag) {
    HttpResponse response;
    response.headers = {
        {"ETag", std::string(tag)},
        {"Accept-Ranges", "bytes"},
        // Whether the reader may still read it is asked each time.
        {"Cache-Control", "private, no-cache"},
        {"Content-Disposition", content_disposition(file.media_type, file.filename.value_or(""))},
        // Nothing in it runs, also where a browser shows it in a page of its own.
        {"Content-Security-Policy",
         "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src "
         "'unsafe-inline'"}};
    return response;
}

}  // namespace

std::shared_ptr<BodyStream> stream_of(Blob blob, std::uint64_t first, std::uint64_t count) {
    return std::make_shared<BlobStream>(std::move(blob), first, count);
}

std::string content_disposition(std::string_view media_type, std::string_view filename) {
    std::string value = may_be_shown_inline(media_type) ? "inline" : "attachment";
    if (filename.empty()) return value;
    std::string plain;
    for (const char c : filename) {
        const bool is_plain = c >= ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '%';
        plain += is_plain ? c : '_';
    }
    value += "; filename=\"" + plain + "\"";
    if (plain != filename) value += "; filename*=UTF-8''" + encoded(filename);
    return value;
}

namespace {

// The bytes that are asked for. `response` has the headers of the whole file.
void send_bytes(
    const ExchangePtr& exchange, HttpResponse response, std::string_view tag, Blob blob
) {
    const std::uint64_t bytes = blob.bytes();
    ByteRange range = wanted_range(exchange->request(), tag, bytes);
    if (range.kind == ByteRange::Kind::unsatisfiable) {
        exchange->add_header("Content-Range", "bytes */" + std::to_string(bytes));
        return exchange->send_problem(
            problem_named("range_not_satisfiable", "The file has no such bytes.")
        );
    }
    if (range.kind == ByteRange::Kind::part) {
        response.status = 206;
        response.headers.emplace_back(
            "Content-Range",
            "bytes " + std::to_string(range.first) + "-" +
                std::to_string(range.first + range.count - 1) + "/" + std::to_string(bytes)
        );
    } else {
        range.count = bytes;
    }
    response.stream = stream_of(std::move(blob), range.first, range.count);
    response.stream_bytes = range.count;
    exchange->send_whole(std::move(response));
}

void send_file(const ExchangePtr& exchange, const Attachment& file) {
    const std::string tag = "\"" + hex_text(file.sha256) + "\"";
    HttpResponse response = headers_for(file, tag);
    const std::string* known = exchange->request().header("if-none-match");
    if (known != nullptr && names_tag(*known, tag)) {
        response.status = 304;
        return exchange->send_whole(std::move(response));
    }
    auto blob = exchange->services().uploads.blobs().open(file.sha256);
    if (!blob) return exchange->send_problem(problem_of(blob.error()));
    response.headers.emplace_back("Content-Type", file.media_type);
    send_bytes(exchange, std::move(response), tag, std::move(*blob));
}

Problem leader_away() {
    CommandError away;
    away.fault = CommandFault::not_taking_commands;
    away.reason = "leader_away";
    return problem_of(away);
}

void in_file_pool(const ExchangePtr& exchange, std::function<void()> work) {
    if (exchange->services().file_pool.submit(std::move(work))) return;
    exchange->send_problem(http_problem(503, "Too many files are being read. Try again."));
}

// A follower brings a file from its leader when somebody first asks for it.
void fetch_and_send(const ExchangePtr& exchange, const Attachment& file) {
    auto work = [exchange, file] {
        const bool is_here = exchange->services().leader->fetch_blob(file.sha256);
        exchange->resume([exchange, file, is_here] {
            if (is_here) return send_file(exchange, file);
            exchange->send_problem(leader_away());
        });
    };
    in_file_pool(exchange, std::move(work));
}

void send_brought(
    const ExchangePtr& exchange, Expected<BroughtFile, LeaderCallFault> brought, const Problem& none
) {
    if (!brought || brought->head.status >= 500) return exchange->send_problem(leader_away());
    HttpResponse response = response_of(std::move(brought->head));
    if (response.status == 304) return exchange->send_whole(std::move(response));
    if (!brought->bytes) return exchange->send_problem(none);
    const auto tag = std::ranges::find(response.headers, "ETag", &Header::first);
    const std::string text = tag == response.headers.end() ? std::string() : tag->second;
    send_bytes(exchange, std::move(response), text, std::move(*brought->bytes));
}

// A file that was uploaded and not posted is known to the leader alone: it is brought for whoever
// may read it there, and not kept. `none`: what is answered where there is none.
void bring_and_send(const ExchangePtr& exchange, const Problem& none) {
    LeaderCall call = call_of(*exchange);
    call.method = "GET";
    // Which part of it, is found out here.
    std::erase_if(call.headers, [](const Header& header) {
        return header.first == "range" || header.first == "if-range";
    });
    in_file_pool(exchange, [exchange, none, call = std::move(call)] {
        auto brought = std::make_shared<Expected<BroughtFile, LeaderCallFault>>(
            exchange->services().leader->bring(call)
        );
        exchange->resume([exchange, none, brought] {
            send_brought(exchange, std::move(*brought), none);
        });
    });
}

}  // namespace

void show_file(const ExchangePtr& exchange, const Actor& actor) {
    const HttpRequest& request = exchange->request();
    const auto id = parse_id<FileId>(request.parameter("file_id"));
    if (!id) return exchange->send_problem(not_found("There is no such file."));
    const Uploads& uploads = exchange->services().uploads;
    const auto file = readable_file(exchange->views(), uploads, *id, actor.user);
    const bool is_follower = exchange->services().leader != nullptr;
    if (!file && file.error().status == 404 && is_follower)
        return bring_and_send(exchange, file.error());
    if (!file) return exchange->send_problem(file.error());
    if (file->sha256 == FileDigest{})
        return exchange->send_problem(not_found("The bytes of this file were never kept here."));

    if (is_follower && !uploads.blobs().has(file->sha256)) return fetch_and_send(exchange, *file);
    send_file(exchange, *file);
}

}  // namespace verbatim::api::files
