#include "api/upload_routes.hpp"

#include "api/upload_headers.hpp"
#include "protocol/chunk_checksum.hpp"
#include "protocol/uploads.hpp"
#include "protocol/work_pool.hpp"

#include <utility>

namespace verbatim::api::uploads {

namespace {

constexpr std::string_view tus_version = "1.0.0";
constexpr std::string_view tus_extensions =
    "creation,creation-with-upload,termination,checksum,expiration";

// Puts the protocol's version on whatever is answered.
class TusResponder final : public Responder {
public:
    explicit TusResponder(std::shared_ptr<Responder> responder)
        : responder_(std::move(responder)) {}
    void send(HttpResponse response) override {
        response.headers.emplace_back("Tus-Resumable", tus_version);
        responder_->send(std::move(response));
    }
    void post(std::function<void()> work) override { responder_->post(std::move(work)); }

private:
    std::shared_ptr<Responder> responder_;
};

void in_file_pool(const ExchangePtr& exchange, std::function<void()> work) {
    if (!exchange->services().file_pool.submit(std::move(work)))
        exchange->send_problem(http_problem(503, "Too many files are being written. Try again."));
}

Answer<FileId> upload_in_path(const HttpRequest& request) {
    const auto file = parse_id<FileId>(request.parameter("file_id"));
    if (!file) return failure(not_found("There is no such upload, or it is not yours."));
    return *file;
}

void add_state(Exchange& exchange, const Uploads::State& state) {
    exchange.add_header("Upload-Offset", std::to_string(state.record.offset));
    if (state.record.finished)
        exchange.add_header("Upload-File-Id", to_text(state.file));
    else
        exchange.add_header("Upload-Expires", http_date(state.record.expires_at));
}

void answer_state(const ExchangePtr& exchange, int status, const Answer<Uploads::State>& state) {
    if (!state) return exchange->send_problem(state.error());
    add_state(*exchange, *state);
    exchange->send_empty(status);
}

// What a request to create says, checked as far as that needs no disk.
Answer<NewUpload> read_new_upload(const HttpRequest& request, const UserId& owner) {
    if (request.header("upload-defer-length") != nullptr)
        return failure(bad_request("Upload-Defer-Length is not supported: send Upload-Length"));
    const auto length = number_in_header(request, "Upload-Length");
    if (!length) return failure(length.error());
    const std::string* metadata = request.header("upload-metadata");
    auto filename = filename_in_metadata(metadata == nullptr ? "" : *metadata);
    if (!filename) return failure(std::move(filename).error());
    if (auto typed = check_chunk_type(request); !request.body.empty() && !typed)
        return failure(std::move(typed).error());
    if (request.body.size() > *length)
        return failure(http_problem(413, "That is more than the Upload-Length announced."));
    return NewUpload{
        .owner = owner,
        .length = *length,
        .filename = *std::move(filename),
        .metadata = metadata == nullptr ? "" : *metadata};
}

Answer<Uploads::State> create(
    Uploads& uploads, const NewUpload& wanted, const HttpRequest& request
) {
    if (auto checked = check_checksum(request); !checked) return failure(checked.error());
    auto state = uploads.create(wanted);
    if (!state || request.body.empty()) return state;
    auto appended = uploads.append(state->file, wanted.owner, 0, request.body);
    // Nobody was told where it is. What is left of it where this fails too expires.
    if (!appended) (void)uploads.terminate(state->file, wanted.owner);
    return appended;
}

}  // namespace

Handler tus_route(const Services& services, UserRoute route) {
    return [&services, command = command_route(services, route)](auto request, auto responder) {
        auto tus_responder = std::make_shared<TusResponder>(std::move(responder));
        const std::string* version = request->header("tus-resumable");
        if (version != nullptr && *version == tus_version)
            return command(std::move(request), std::move(tus_responder));
        Exchange exchange(services, std::move(request), std::move(tus_responder));
        exchange.add_header("Tus-Version", std::string(tus_version));
        exchange.send_problem(
            problem_named("tus_version_not_supported", "Send Tus-Resumable: 1.0.0.")
        );
    };
}

void describe_tus(const ExchangePtr& exchange) {
    const Uploads& uploads = exchange->services().uploads;
    exchange->add_header("Allow", "POST, OPTIONS");
    exchange->add_header("Tus-Resumable", std::string(tus_version));
    exchange->add_header("Tus-Version", std::string(tus_version));
    exchange->add_header("Tus-Extension", std::string(tus_extensions));
    exchange->add_header("Tus-Max-Size", std::to_string(uploads.file_bytes_max()));
    exchange->add_header("Tus-Checksum-Algorithm", std::string(checksum_algorithms));
    exchange->send_empty(204);
}

void create_upload(const ExchangePtr& exchange, const Actor& actor) {
    auto wanted = read_new_upload(exchange->request(), actor.user);
    if (!wanted) return exchange->send_problem(wanted.error());
    const auto allowed = within_limit(*exchange, Limiter::uploads_per_user, actor);
    if (!allowed) return exchange->send_problem(allowed.error());
    in_file_pool(exchange, [exchange, wanted = std::move(*wanted)] {
        const auto state = create(exchange->services().uploads, wanted, exchange->request());
        if (state) exchange->add_header("Location", "/api/v1/uploads/" + to_text(state->file));
        answer_state(exchange, 201, state);
    });
}

void show_upload(const ExchangePtr& exchange, const Actor& actor) {
    const auto file = upload_in_path(exchange->request());
    if (!file) return exchange->send_problem(file.error());
    in_file_pool(exchange, [exchange, file = *file, owner = actor.user] {
        const auto state = exchange->services().uploads.state(file, owner);
        if (state) {
            exchange->add_header("Upload-Length", std::to_string(state->record.length));
            if (!state->record.metadata.empty())
                exchange->add_header("Upload-Metadata", state->record.metadata);
        }
        answer_state(exchange, 200, state);
    });
}

void append_to_upload(const ExchangePtr& exchange, const Actor& actor) {
    const HttpRequest& request = exchange->request();
    const auto file = upload_in_path(request);
    if (!file) return exchange->send_problem(file.error());
    if (request.header("content-type") == nullptr)
        return exchange->send_problem(http_problem(415, "send application/offset+octet-stream"));
    if (auto typed = check_chunk_type(request); !typed)
        return exchange->send_problem(typed.error());
    const auto offset = number_in_header(request, "Upload-Offset");
    if (!offset) return exchange->send_problem(offset.error());
    in_file_pool(exchange, [exchange, file = *file, owner = actor.user, offset = *offset] {
        const std::string& chunk = exchange->request().body;
        if (auto checked = check_checksum(exchange->request()); !checked)
            return exchange->send_problem(checked.error());
        answer_state(
            exchange, 204, exchange->services().uploads.append(file, owner, offset, chunk)
        );
    });
}

void end_upload(const ExchangePtr& exchange, const Actor& actor) {
    const auto file = upload_in_path(exchange->request());
    if (!file) return exchange->send_problem(file.error());
    in_file_pool(exchange, [exchange, file = *file, owner = actor.user] {
        const auto ended = exchange->services().uploads.terminate(file, owner);
        if (!ended) return exchange->send_problem(ended.error());
        exchange->send_empty(204);
    });
}

void do_as_overridden(const ExchangePtr& exchange, const Actor& actor) {
    const std::string* method = exchange->request().header("x-http-method-override");
    const Method wanted = method == nullptr ? Method::other : parse_method(*method);
    if (wanted == Method::patch) return append_to_upload(exchange, actor);
    if (wanted == Method::del) return end_upload(exchange, actor);
    if (wanted == Method::head) return show_upload(exchange, actor);
    exchange->send_problem(
        http_problem(405, "POST here needs an X-HTTP-Method-Override of PATCH, DELETE or HEAD.")
    );
}

}  // namespace verbatim::api::uploads
