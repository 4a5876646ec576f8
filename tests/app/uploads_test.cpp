#include "tests/app/server_test.hpp"

#include <fstream>
#include <sodium.h>

namespace verbatim::testing {

namespace {

using nlohmann::json;

const std::string chunk_type = "application/offset+octet-stream";

std::string base64(const std::string& bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(
        text.data(),
        text.size(),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(),
        variant
    );
    text.pop_back();
    return text;
}

Headers tus(Headers more = {}) {
    more.emplace_back("Tus-Resumable", "1.0.0");
    return more;
}

HttpAnswer create(
    Person& who, std::size_t length, const std::string& name, const std::string& content = {}
) {
    Headers headers = tus(
        {{"Upload-Length", std::to_string(length)},
         {"Upload-Metadata", "filename " + base64(name) + ",filetype " + base64("text/html")}}
    );
    if (!content.empty()) headers.emplace_back("Content-Type", chunk_type);
    return who.ask("POST", "/uploads", headers, content);
}

HttpAnswer patch(
    Person& who,
    const std::string& upload,
    std::size_t offset,
    const std::string& chunk,
    Headers more = {}
) {
    more.emplace_back("Content-Type", chunk_type);
    more.emplace_back("Upload-Offset", std::to_string(offset));
    return who.ask("PATCH", upload, tus(std::move(more)), chunk);
}

// A whole file's id.
std::string upload(Person& who, const std::string& name, const std::string& content) {
    return create(who, content.size(), name, content).header("upload-file-id");
}

HttpAnswer post_file(Person& who, const std::string& room, const std::string& file) {
    return who.post("/rooms/" + room + "/messages", {{"attachments", {file}}});
}

class UploadsApi : public ServerTest {};
class FilesApi : public ServerTest {};

TEST_F(UploadsApi, SayWhatTheySpeak) {
    const auto answer = ask_once(server(), "OPTIONS", "/api/v1/uploads");
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.header("tus-version"), "1.0.0");
    EXPECT_EQ(
        answer.header("tus-extension"),
        "creation,creation-with-upload,termination,checksum,expiration"
    );
    EXPECT_EQ(answer.header("tus-max-size"), "1073741824");
    EXPECT_EQ(answer.header("tus-checksum-algorithm"), "sha1,sha256");
}

TEST_F(UploadsApi, BringAFileInPieceByPiece) {
    Person& alice = person("alice");
    const auto created = create(alice, 11, "hello.txt");
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(created.header("upload-offset"), "0");
    EXPECT_NE(created.header("upload-expires"), "");
    EXPECT_EQ(created.header("upload-file-id"), "");
    const std::string location = created.header("location");

    const auto first = patch(alice, location, 0, "hello ");
    EXPECT_EQ(first.status, 204);
    EXPECT_EQ(first.header("upload-offset"), "6");
    const auto head = alice.ask("HEAD", location, tus());
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("upload-offset"), "6");
    EXPECT_EQ(head.header("upload-length"), "11");
    EXPECT_EQ(
        head.header("upload-metadata"),
        "filename " + base64("hello.txt") + ",filetype " + base64("text/html")
    );
    EXPECT_EQ(head.header("cache-control"), "no-store");

    const auto last = patch(alice, location, 6, "world");
    EXPECT_EQ(last.status, 204);
    EXPECT_EQ(last.header("upload-offset"), "11");
    const std::string file = last.header("upload-file-id");
    EXPECT_EQ(alice.ask("HEAD", location, tus()).header("upload-file-id"), file);
    const auto got = alice.get("/files/" + file);
    EXPECT_EQ(got.body, "hello world");
    EXPECT_EQ(got.header("content-type"), "text/plain") << "by the bytes, not by the client's word";
}

TEST_F(UploadsApi, MayBringTheFirstPieceWithTheirCreation) {
    Person& alice = person("alice");
    const auto part = create(alice, 11, "a", "hello ");
    EXPECT_EQ(part.status, 201);
    EXPECT_EQ(part.header("upload-offset"), "6");
    const auto all = create(alice, 5, "a", "hello");
    EXPECT_EQ(all.header("upload-offset"), "5");
    EXPECT_NE(all.header("upload-file-id"), "");
}

TEST_F(UploadsApi, RefuseOtherVersionsOfTus) {
    Person& alice = person("alice");
    for (const Headers& headers : {Headers{}, Headers{{"Tus-Resumable", "0.2.2"}}}) {
        const auto refused = alice.ask("POST", "/uploads", headers);
        EXPECT_TRUE(is_problem(refused, 412, "tus_version_not_supported"));
        EXPECT_EQ(refused.header("tus-version"), "1.0.0");
        EXPECT_EQ(refused.header("tus-resumable"), "1.0.0");
    }
}

TEST_F(UploadsApi, RefuseWhatIsNoUpload) {
    Person& alice = person("alice");
    const auto ask = [&](Headers headers) {
        return alice.ask("POST", "/uploads", tus(std::move(headers)));
    };
    EXPECT_TRUE(is_problem(ask({}), 400, "bad_request"));
    EXPECT_TRUE(is_problem(ask({{"Upload-Length", "-1"}}), 400, "bad_request"));
    EXPECT_TRUE(is_problem(ask({{"Upload-Defer-Length", "1"}}), 400, "bad_request"));
    EXPECT_TRUE(is_problem(ask({{"Upload-Length", "1073741825"}}), 413, "content_too_large"));
    EXPECT_TRUE(is_problem(
        ask({{"Upload-Length", "1"}, {"Upload-Metadata", "filename ?"}}), 400, "bad_request"
    ));
    EXPECT_TRUE(is_problem(
        ask_once(server(), "POST", "/api/v1/uploads", tus({{"Upload-Length", "1"}})),
        401,
        "not_authenticated"
    ));
}

TEST_F(UploadsApi, RefuseAPieceThatDoesNotFit) {
    Person& alice = person("alice");
    const std::string location = create(alice, 5, "a").header("location");
    EXPECT_TRUE(is_problem(patch(alice, location, 1, "x"), 409, "upload_offset_mismatch"));
    EXPECT_TRUE(is_problem(patch(alice, location, 0, "123456"), 413, "content_too_large"));
    EXPECT_TRUE(is_problem(
        alice.ask(
            "PATCH", location, tus({{"Upload-Offset", "0"}, {"Content-Type", "text/plain"}}), "1"
        ),
        415,
        "unsupported_media_type"
    ));
    EXPECT_TRUE(is_problem(
        alice.ask("PATCH", location, tus({{"Content-Type", chunk_type}}), "1"), 400, "bad_request"
    ));
    EXPECT_TRUE(is_problem(patch(person("bob"), location, 0, "12345"), 404, "not_found"));
    EXPECT_EQ(patch(alice, location, 0, "12345").status, 204);
}

TEST_F(UploadsApi, CheckChecksums) {
    Person& alice = person("alice");
    const std::string location = create(alice, 5, "a").header("location");
    const auto with = [&](const std::string& checksum) {
        return patch(alice, location, 0, "hello", {{"Upload-Checksum", checksum}});
    };
    EXPECT_TRUE(is_problem(with("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ0A="), 460, "checksum_mismatch"));
    EXPECT_TRUE(is_problem(with("md5 XUFAKrxLKna5cZ2REBfFkg=="), 400, "bad_request"));
    EXPECT_EQ(alice.ask("HEAD", location, tus()).header("upload-offset"), "0");
    EXPECT_EQ(with("sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=").status, 204);
}

TEST_F(UploadsApi, CanBeEnded) {
    Person& alice = person("alice");
    const std::string location = create(alice, 5, "a", "123").header("location");
    EXPECT_EQ(alice.ask("DELETE", location, tus()).status, 204);
    EXPECT_TRUE(is_problem(patch(alice, location, 3, "45"), 404, "not_found"));
}

TEST_F(UploadsApi, CanBeContinuedByAnOverriddenMethod) {
    Person& alice = person("alice");
    const std::string location = create(alice, 2, "a").header("location");
    const auto done = alice.ask(
        "POST",
        location,
        tus(
            {{"X-HTTP-Method-Override", "PATCH"},
             {"Upload-Offset", "0"},
             {"Content-Type", chunk_type}}
        ),
        "ab"
    );
    EXPECT_EQ(done.status, 204);
    EXPECT_EQ(done.header("upload-offset"), "2");
}

TEST_F(UploadsApi, TakeChunksOfEightMebibytes) {
    Person& alice = person("alice");
    const std::string chunk(8 << 20, 'x');
    const std::string location = create(alice, 2 * chunk.size(), "a").header("location");
    EXPECT_EQ(patch(alice, location, 0, chunk).status, 204);
    const auto last = patch(alice, location, chunk.size(), chunk);
    EXPECT_EQ(last.status, 204);
    const auto got = alice.get("/files/" + last.header("upload-file-id"));
    EXPECT_EQ(got.body.size(), 2 * chunk.size());
    EXPECT_EQ(patch(person("bob"), location, 0, chunk + "x").status, 413);
}

TEST(Uploads, GoOnAfterTheServerWasKilled) {
    const TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person alice(server, "alice");
    const std::string location = create(alice, 11, "a.txt", "hello ").header("location");
    server.kill9();
    server.start();
    EXPECT_EQ(alice.ask("HEAD", location, tus()).header("upload-offset"), "6");
    const auto last = patch(alice, location, 6, "world");
    EXPECT_EQ(last.status, 204);
    server.kill9();
    server.start();
    EXPECT_EQ(alice.get("/files/" + last.header("upload-file-id")).body, "hello world");
}

TEST(Uploads, AreGoneWhenTheyExpire) {
    const TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
    Person alice(server, "alice");
    const std::string location = create(alice, 11, "a.txt", "hello ").header("location");
    EXPECT_EQ(server.terminate(), 0);
    const auto record =
        folder.path() / "data/uploads" / (location.substr(location.rfind('/') + 1) + ".json");
    json kept = json::parse(std::ifstream(record));
    // A minute ago: it is still remembered, to say that it has expired.
    kept["expires_at_us"] =
        kept.at("expires_at_us").get<std::int64_t>() - (24 * 60 + 1) * 60'000'000LL;
    std::ofstream(record) << kept;
    server.start();
    EXPECT_TRUE(is_problem(patch(alice, location, 6, "world"), 410, "upload_expired"));
    EXPECT_EQ(alice.ask("HEAD", location, tus()).status, 410);
}

TEST_F(FilesApi, AreForTheirUploaderAndMembersOfARoomThatShowsThem) {
    Person& alice = person("alice");
    Person& bob = person("bob");
    const std::string room = alice.create_room();
    const std::string file = upload(alice, "a.txt", "for the room");
    const std::string path = "/files/" + file;
    EXPECT_EQ(alice.get(path).status, 200);
    EXPECT_TRUE(is_problem(bob.get(path), 404, "not_found"));
    EXPECT_TRUE(is_problem(post_file(bob, room, file), 404, "attachment_not_found"));

    const auto sent = post_file(alice, room, file);
    ASSERT_EQ(sent.status, 201) << sent.body;
    const json shown = sent.json().at("attachments").at(0);
    EXPECT_EQ(shown.at("file_id"), file);
    EXPECT_EQ(shown.at("filename"), "a.txt");
    EXPECT_EQ(shown.at("media_type"), "text/plain");
    EXPECT_EQ(shown.at("bytes"), 12);
    EXPECT_TRUE(is_problem(bob.get(path), 404, "not_found")) << "not a member";
    EXPECT_EQ(join(bob, room).status, 200);
    EXPECT_EQ(bob.get(path).body, "for the room");
    EXPECT_EQ(post_file(bob, room, file).status, 201) << "whoever may read it may show it";
    EXPECT_EQ(ask_once(server(), "GET", "/api/v1" + path).status, 401);
}

TEST_F(FilesApi, AreNotShownByADeletedMessage) {
    Person& alice = person("alice");
    Person& bob = person("bob");
    const std::string room = alice.create_room();
    EXPECT_EQ(join(bob, room).status, 200);
    const std::string file = upload(alice, "a.txt", "regretted");
    const auto sent = post_file(alice, room, file);
    const std::string seq = std::to_string(sent.json().at("seq").get<int>());
    EXPECT_EQ(bob.get("/files/" + file).status, 200);
    EXPECT_EQ(alice.del(messages_of(room) + "/" + seq).status, 204);
    EXPECT_EQ(bob.get("/files/" + file).status, 404);
    EXPECT_EQ(alice.get("/files/" + file).status, 200);
}

TEST_F(FilesApi, ComeWithSafeHeaders) {
    Person& alice = person("alice");
    const auto page = alice.get(
        "/files/" + upload(alice, "../\xc3\xa4.html", "<!DOCTYPE html><script>alert(1)</script>")
    );
    EXPECT_EQ(page.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(
        page.header("content-disposition"),
        "attachment; filename=\"__.html\"; filename*=UTF-8''%C3%A4.html"
    );
    EXPECT_NE(page.header("content-security-policy").find("sandbox"), std::string::npos);
    EXPECT_EQ(page.header("cache-control"), "private, no-cache");
    const auto image =
        alice.get("/files/" + upload(alice, "a.gif", "GIF89a\x02\x01\x03\x01\x80\x01\x01"));
    EXPECT_EQ(image.header("content-type"), "image/gif");
    EXPECT_EQ(image.header("content-disposition"), "inline; filename=\"a.gif\"");
}

TEST_F(FilesApi, AnswerRangesAndConditions) {
    Person& alice = person("alice");
    const std::string path = "/files/" + upload(alice, "digits", "0123456789");
    const auto whole = alice.get(path);
    EXPECT_EQ(whole.header("accept-ranges"), "bytes");
    const std::string tag = whole.header("etag");
    EXPECT_EQ(tag, "\"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\"");

    const auto part = alice.get(path, {{"Range", "bytes=2-4"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(part.header("content-range"), "bytes 2-4/10");
    EXPECT_EQ(part.header("content-length"), "3");
    EXPECT_EQ(alice.get(path, {{"Range", "bytes=-2"}}).body, "89");
    EXPECT_EQ(alice.get(path, {{"Range", "bytes=0-1,5-6"}}).status, 200);

    const auto beyond = alice.get(path, {{"Range", "bytes=10-"}});
    EXPECT_TRUE(is_problem(beyond, 416, "range_not_satisfiable"));
    EXPECT_EQ(beyond.header("content-range"), "bytes */10");

    const Headers same = {{"Range", "bytes=0-0"}, {"If-Range", tag}};
    EXPECT_EQ(alice.get(path, same).status, 206);
    const Headers other = {{"Range", "bytes=0-0"}, {"If-Range", "\"other\""}};
    EXPECT_EQ(alice.get(path, other).body, "0123456789");

    const auto unchanged = alice.get(path, {{"If-None-Match", "\"x\", " + tag}});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.header("etag"), tag);
    EXPECT_EQ(unchanged.body, "");

    const auto head = alice.ask("HEAD", path, {{"Range", "bytes=2-4"}});
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-length"), "10");
}

TEST_F(FilesApi, ShareTheBytesOfTheSameContent) {
    Person& alice = person("alice");
    Person& bob = person("bob");
    const auto one = alice.get("/files/" + upload(alice, "one", "the same bytes"));
    const auto two = bob.get("/files/" + upload(bob, "two", "the same bytes"));
    EXPECT_EQ(one.header("etag"), two.header("etag"));
    const std::string digest = one.header("etag").substr(1, 64);
    EXPECT_TRUE(std::filesystem::exists(server().data() / "blobs" / digest.substr(0, 2) / digest));
}

TEST_F(FilesApi, ComeInlineOverTheFeed) {
    Person& alice = person("alice");
    const std::string room = alice.create_room();
    WsClient feed = alice.live_feed();
    const json attachment = {
        {"filename", "note.txt"},
        {"media_type", "image/png"},
        {"content_base64", base64("a note")}};
    feed.send({{"type", "send"}, {"ref", "1"}, {"room_id", room}, {"attachment", attachment}});
    feed.send({{"type", "send"}, {"ref", "2"}, {"room_id", room}, {"text", "after it"}});
    std::vector<json> messages;
    while (messages.size() < 2) {
        const auto frame = feed.read();
        ASSERT_TRUE(frame.has_value());
        ASSERT_NE(frame->at("type"), "problem") << *frame;
        if (frame->at("type") == "event") messages.push_back(frame->at("event").at("data"));
    }
    const json shown = messages.at(0).at("attachments").at(0);
    EXPECT_EQ(shown.at("filename"), "note.txt");
    EXPECT_EQ(shown.at("media_type"), "text/plain");
    EXPECT_EQ(messages.at(1).at("text"), "after it");
    EXPECT_EQ(alice.get("/files/" + shown.at("file_id").get<std::string>()).body, "a note");
}

TEST_F(FilesApi, AreRefusedInlineWhenTheyAreTooLargeOrNoBase64) {
    Person& alice = person("alice");
    const std::string room = alice.create_room();
    WsClient feed = alice.live_feed();
    for (const std::string& content : {base64(std::string((1 << 20) + 1, 'x')), std::string("?")}) {
        feed.send(
            {{"type", "send"},
             {"ref", "1"},
             {"room_id", room},
             {"attachment", {{"filename", "a"}, {"content_base64", content}}}}
        );
        const auto frame = feed.read();
        ASSERT_TRUE(frame.has_value());
        EXPECT_EQ(frame->at("type"), "problem");
        EXPECT_EQ(frame->at("problem").at("field"), "attachment");
    }
}

}  // namespace

}  // namespace verbatim::testing
