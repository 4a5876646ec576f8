#include "domain/type_id.hpp"
#include "eventstore/checkpoint.hpp"
#include "eventstore/event_log.hpp"
#include "eventstore/merkle_tree.hpp"
#include "protocol/base64.hpp"
#include "protocol/proof_bundle.hpp"
#include "tests/app/server_test.hpp"
#include "tests/support/log_scribe.hpp"
#include "tests/support/server_child.hpp"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

namespace verbatim::testing {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Audit : public ServerTest {
protected:
    Person& alice = person("alice");
    Person& bob = person("bob");
    TemporaryFolder files;

    static Headers at_least(std::uint64_t position) {
        return {{"Verbatim-Min-Position", std::to_string(position)}};
    }
    static std::string verifier_key() {
        std::string key = ask_once(server(), "GET", "/api/v1/audit/key").body;
        EXPECT_TRUE(key.ends_with('\n'));
        key.pop_back();
        return key;
    }
    static std::string checkpoint(std::uint64_t covering) {
        const HttpAnswer answer =
            ask_once(server(), "GET", "/api/v1/audit/checkpoint", at_least(covering));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.body;
    }
    static TreeHead tree_head(std::uint64_t covering) {
        const auto head = verify_checkpoint(checkpoint(covering), verifier_key());
        EXPECT_TRUE(head.has_value());
        return head.value_or(TreeHead());
    }
    static Digest digest(const json& text) {
        const auto bytes = parse_base64(text.get<std::string>());
        Digest made{};
        EXPECT_TRUE(bytes && bytes->size() == made.size()) << text;
        if (bytes && bytes->size() == made.size())
            std::copy(bytes->begin(), bytes->end(), made.begin());
        return made;
    }
    static std::vector<Digest> digests(const json& list) {
        std::vector<Digest> all;
        for (const json& text : list) all.push_back(digest(text));
        return all;
    }
    static std::string proof_path(const std::string& room, std::uint64_t seq) {
        return messages_of(room) + "/" + std::to_string(seq) + "/proof";
    }
    fs::path keep(const std::string& name, const std::string& text) const {
        const fs::path file = files.path() / name;
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }
    static Finished node(std::vector<std::string> arguments) {
        arguments.insert(
            arguments.begin(), source_directory() / "tests" / "node" / "verify_proof.mjs"
        );
        return run_to_end({.binary = "/usr/bin/node", .arguments = arguments, .environment = {}});
    }
    static std::vector<std::string> texts_of(const ProvenMessage& message) {
        std::vector<std::string> texts;
        for (const ProvenEntry& entry : message.entries) {
            if (!entry.event) continue;
            const auto& event = std::get<RoomEvent>(entry.event->event);
            if (const auto* const sent = std::get_if<MessageSent>(&event))
                texts.push_back(sent->text.value_or(""));
            if (const auto* const edited = std::get_if<MessageEdited>(&event))
                texts.push_back(edited->text.value_or(""));
        }
        return texts;
    }
};

TEST_F(Audit, SignsATreeHeadThatCoversWhatWasAcknowledged) {
    const std::string room = alice.create_room();
    const HttpAnswer sent = alice.post(messages_of(room), {{"text", "signed"}});
    const std::string note = checkpoint(sent.position());
    const auto head = verify_checkpoint(note, verifier_key());
    ASSERT_TRUE(head.has_value()) << note;
    EXPECT_GE(head->size, sent.position());
    EXPECT_THAT(head->origin, ::testing::StartsWith("verbatim/"));
    EXPECT_TRUE(is_invalid(
        ask_once(server(), "GET", "/api/v1/audit/checkpoint", {{"Verbatim-Min-Position", "soon"}}),
        "Verbatim-Min-Position"
    ));
}

TEST_F(Audit, SaysSoWhenNoTreeHeadReachesThatFar) {
    const HttpAnswer answer =
        ask_once(server(), "GET", "/api/v1/audit/checkpoint", at_least(1'000'000'000));
    EXPECT_TRUE(is_problem(answer, 503, "behind"));
}

TEST_F(Audit, ProvesEveryPositionOfTheLog) {
    const std::string room = alice.create_room();
    alice.say(room, "one");
    const auto last = alice.post(messages_of(room), {{"text", "two"}}).position();
    const TreeHead head = tree_head(last);
    for (std::uint64_t position = 1; position <= last; ++position) {
        const std::string query =
            "?position=" + std::to_string(position) + "&size=" + std::to_string(head.size);
        const HttpAnswer answer = alice.get("/audit/proofs/inclusion" + query);
        ASSERT_EQ(answer.status, 200) << answer.body;
        const json proof = answer.json();
        EXPECT_EQ(proof.at("position"), position);
        EXPECT_EQ(proof.at("size"), head.size);
        EXPECT_TRUE(verify_inclusion(
            position - 1,
            head.size,
            digest(proof.at("leaf_hash")),
            digests(proof.at("hashes")),
            head.root
        ));
    }
}

TEST_F(Audit, ProvesInTheNewestSignedTreeWhenNoSizeIsAskedFor) {
    const std::string room = alice.create_room();
    const auto position = alice.post(messages_of(room), {{"text", "newest"}}).position();
    const json proof =
        alice.get("/audit/proofs/inclusion?position=" + std::to_string(position)).json();
    EXPECT_GE(proof.at("size"), position);
}

TEST_F(Audit, ProvesThatTheTreeOnlyGrew) {
    const std::string room = alice.create_room();
    const TreeHead older = tree_head(alice.post(messages_of(room), {{"text", "a"}}).position());
    const TreeHead newer = tree_head(alice.post(messages_of(room), {{"text", "b"}}).position());
    ASSERT_LT(older.size, newer.size);
    const HttpAnswer answer = alice.get(
        "/audit/proofs/consistency?from=" + std::to_string(older.size) +
        "&to=" + std::to_string(newer.size)
    );
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json().at("from"), older.size);
    EXPECT_EQ(answer.json().at("to"), newer.size);
    EXPECT_TRUE(verify_consistency(
        older.size, newer.size, digests(answer.json().at("hashes")), older.root, newer.root
    ));
}

TEST_F(Audit, NamesTheBoundThatAProofIsAskedBeyond) {
    const std::string inclusion = "/audit/proofs/inclusion";
    const std::string consistency = "/audit/proofs/consistency";
    EXPECT_TRUE(is_invalid(alice.get(inclusion), "position"));
    EXPECT_TRUE(is_invalid(alice.get(inclusion + "?position=0"), "position"));
    EXPECT_TRUE(is_invalid(alice.get(inclusion + "?position=999999999"), "position"));
    EXPECT_TRUE(is_invalid(alice.get(inclusion + "?position=1&size=999999999"), "size"));
    EXPECT_TRUE(is_invalid(alice.get(inclusion + "?position=2&size=1"), "position"));
    EXPECT_TRUE(is_invalid(alice.get(consistency), "from"));
    EXPECT_TRUE(is_invalid(alice.get(consistency + "?from=1&to=0"), "to"));
    EXPECT_TRUE(is_invalid(alice.get(consistency + "?from=2&to=1"), "from"));
    EXPECT_TRUE(is_problem(
        ask_once(server(), "GET", "/api/v1" + inclusion + "?position=1"), 401, "not_authenticated"
    ));
}

TEST_F(Audit, HandsOutABundleThatProvesAMessageAndItsEdits) {
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "the first \"words\" é 漢");
    const std::string path = messages_of(room) + "/" + std::to_string(seq);
    alice.say(room, "another");
    ASSERT_EQ(alice.patch(path, {{"text", "the second words"}}).status, 200);

    const HttpAnswer bundle = alice.get(proof_path(room, seq));
    ASSERT_EQ(bundle.status, 200) << bundle.body;
    const auto proven = check_proof_bundle(bundle.body, verifier_key());
    ASSERT_TRUE(proven.has_value()) << describe(proven.error());
    EXPECT_EQ(
        texts_of(*proven),
        (std::vector<std::string>{"the first \"words\" é 漢", "the second words"})
    );
    const Finished independent = node({"bundle", keep("bundle.json", bundle.body), verifier_key()});
    ASSERT_EQ(independent.exit_code, 0) << independent.standard_error;
    const json read = json::parse(independent.standard_output);
    EXPECT_EQ(read.at("entries").at(1).at("contents").at(0).at("content"), "the second words");
}

TEST_F(Audit, HandsOutNoBundleWhoseWordsWereChanged) {
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "yes");
    const json bundle = alice.get(proof_path(room, seq)).json();
    const auto is_refused = [&](const json& changed) {
        const bool by_us = !check_proof_bundle(changed.dump(), verifier_key()).has_value();
        const auto file = keep("changed.json", changed.dump());
        return by_us && node({"bundle", file, verifier_key()}).exit_code == 1;
    };
    json changed = bundle;
    changed["entries"][0]["contents"][0]["content"] = "no";
    EXPECT_TRUE(is_refused(changed));
    changed = bundle;
    changed["entries"][0]["position"] = bundle["entries"][0]["position"].get<int>() - 1;
    EXPECT_TRUE(is_refused(changed));
    changed = bundle;
    std::string leaf = *parse_base64(bundle["entries"][0]["leaf"].get<std::string>());
    leaf[90] = static_cast<char>(leaf[90] ^ 1);
    changed["entries"][0]["leaf"] = base64_text(leaf);
    EXPECT_TRUE(is_refused(changed));
    changed = bundle;
    std::string note = bundle["checkpoint"];
    note[note.find('\n') + 1] = '9';
    changed["checkpoint"] = note;
    EXPECT_TRUE(is_refused(changed));
}

TEST_F(Audit, ProvesADeletionWithoutTheWords) {
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "not for long");
    ASSERT_EQ(alice.del(messages_of(room) + "/" + std::to_string(seq)).status, 204);
    const HttpAnswer bundle = alice.get(proof_path(room, seq));
    ASSERT_EQ(bundle.status, 200);
    EXPECT_THAT(bundle.body, Not(HasSubstr("not for long")));
    const json entries = bundle.json().at("entries");
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_FALSE(entries.at(0).contains("leaf"));
    EXPECT_TRUE(entries.at(1).contains("leaf"));
    const auto proven = check_proof_bundle(bundle.body, verifier_key());
    ASSERT_TRUE(proven.has_value()) << describe(proven.error());
    EXPECT_EQ(node({"bundle", keep("deleted.json", bundle.body), verifier_key()}).exit_code, 0);
}

TEST_F(Audit, ProvesMessagesToThoseWhoMayReadThem) {
    const std::string room = alice.create_room({{"history", "since_join"}});
    const auto seq = alice.say(room, "before bob");
    EXPECT_TRUE(is_problem(bob.get(proof_path(room, seq)), 403, "actor_is_not_member"));
    ASSERT_EQ(join(bob, room).status, 200);
    EXPECT_TRUE(is_problem(bob.get(proof_path(room, seq)), 403, "not_a_member_then"));
    EXPECT_EQ(bob.get(proof_path(room, bob.say(room, "mine"))).status, 200);
    EXPECT_TRUE(is_problem(alice.get(proof_path(room, 1)), 404, "message_not_found"));
    EXPECT_TRUE(is_problem(alice.get(proof_path(room, 999)), 404, "message_not_found"));
}

TEST_F(Audit, IsFollowedByAVerifierThatSharesNoCode) {
    const std::string room = alice.create_room();
    const auto older = keep("older", checkpoint(1));
    const auto from = verify_checkpoint(checkpoint(1), verifier_key())->size;
    const auto newer =
        keep("newer", checkpoint(alice.post(messages_of(room), {{"text", "a"}}).position()));
    std::ifstream file(newer);
    const std::string note((std::istreambuf_iterator<char>(file)), {});
    const auto to = verify_checkpoint(note, verifier_key())->size;
    const HttpAnswer proof = alice.get(
        "/audit/proofs/consistency?from=" + std::to_string(from) + "&to=" + std::to_string(to)
    );
    const auto kept = keep("proof.json", proof.body);
    const Finished checked = node({"consistency", older, newer, kept, verifier_key()});
    EXPECT_EQ(checked.exit_code, 0) << checked.standard_error;
    EXPECT_EQ(node({"consistency", newer, older, kept, verifier_key()}).exit_code, 1);
}

// A server of its own, on which somebody was made an auditor.
class EventsOfTheLog : public ::testing::Test {
protected:
    void grant(const Person& person, ServerRole role) {
        EXPECT_EQ(server.terminate(), 0);
        {
            auto log = open_rocks_event_log(
                (server.data() / "log").string(), counted_bytes(), Uuid(), Timestamp(1)
            );
            ASSERT_TRUE(log.has_value()) << describe(log.error());
            const auto user = parse_id<UserId>(person.id());
            LogScribe scribe(**log);
            scribe.write(stream_of(*user), *user, {AccountEvent(RoleGranted{.role = role})});
            ASSERT_TRUE(scribe.commit().has_value());
        }
        server.start();
    }
    static std::vector<json> lines_of(const HttpAnswer& answer) {
        std::vector<json> lines;
        std::istringstream in(answer.body);
        for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
        return lines;
    }
    static std::string type_of(const json& event) { return event.at("type"); }

    TemporaryFolder folder;
    ServerProcess server{{.binary = server_binary(), .data = folder.path() / "data"}};
};

TEST_F(EventsOfTheLog, AreReadWholeByAuditorsAndByNobodyElse) {
    Person alice(server, "alice");
    Person auditor(server, "auditor");
    const std::string room = alice.create_room();
    const std::string path = "/rooms/" + room + "/messages/";
    const auto kept = alice.say(room, "kept");
    const auto gone = alice.say(room, "gone from sight");
    ASSERT_EQ(alice.del(path + std::to_string(gone)).status, 204);
    alice.say(room, "last");
    EXPECT_TRUE(is_problem(alice.get("/events"), 403, "not_allowed"));
    grant(auditor, ServerRole::auditor);
    EXPECT_TRUE(is_problem(alice.get("/events"), 403, "not_allowed"));

    const HttpAnswer all = auditor.get("/events", {{"Accept", "application/x-ndjson"}});
    ASSERT_EQ(all.status, 200) << all.body;
    EXPECT_EQ(all.header("content-type"), "application/x-ndjson");
    const std::vector<json> lines = lines_of(all);
    for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].at("position"), i + 1);
    EXPECT_EQ(type_of(lines.at(lines.size() - 2)), "user.role_granted");
    EXPECT_EQ(type_of(lines.back()), "audit.read") << "this very reading, and all that follow";
    EXPECT_THAT(all.body, HasSubstr("gone from sight"));
    EXPECT_THAT(all.body, Not(HasSubstr("argon2")));
    EXPECT_EQ(auditor.all_pages("/events?limit=3"), lines);

    const auto filtered = [&](const std::string& query, const auto& matches) {
        std::vector<json> wanted;
        std::copy_if(lines.begin(), lines.end(), std::back_inserter(wanted), matches);
        EXPECT_FALSE(wanted.empty());
        EXPECT_EQ(auditor.all_pages("/events?limit=2&" + query), wanted) << query;
        EXPECT_EQ(
            lines_of(auditor.get("/events?" + query, {{"Accept", "application/x-ndjson"}})), wanted
        ) << query;
    };
    filtered("after=5", [&](const json& e) { return e.at("position") > 5; });
    filtered("room_id=" + room, [&](const json& e) { return e.at("room_id") == room; });
    filtered("actor_id=" + alice.id(), [&](const json& e) {
        return e.at("actor_id") == alice.id();
    });
    filtered("type=message.sent", [&](const json& e) { return type_of(e) == "message.sent"; });
    const std::string since = lines.at(4).at("at");
    const std::string until = lines.at(7).at("at");
    filtered("since=" + since + "&until=" + until, [&](const json& e) {
        return e.at("at") >= since && e.at("at") < until;
    });
    EXPECT_TRUE(is_invalid(auditor.get("/events?type=message.sung"), "type"));
    EXPECT_TRUE(is_invalid(auditor.get("/events?since=yesterday"), "since"));
    EXPECT_TRUE(is_invalid(auditor.get("/events?room_id=room"), "room_id"));
    EXPECT_TRUE(is_invalid(auditor.get("/events?limit=0"), "limit"));

    // A room's own events: to a member what it may see, to the auditor all.
    const auto of_alice = alice.all_pages("/rooms/" + room + "/events?limit=2");
    const auto of_auditor = auditor.all_pages("/rooms/" + room + "/events");
    ASSERT_EQ(of_alice.size(), of_auditor.size());
    for (std::size_t i = 0; i < of_alice.size(); ++i) EXPECT_EQ(of_alice[i].at("room_seq"), i + 1);
    EXPECT_EQ(of_alice.at(kept - 1).at("data").at("text"), "kept");
    EXPECT_TRUE(of_alice.at(gone - 1).at("data").at("text").is_null());
    EXPECT_EQ(of_auditor.at(gone - 1).at("data").at("text"), "gone from sight");
    EXPECT_EQ(
        alice.get("/rooms/" + room + "/events?after_seq=3").json().at("items").at(0).at("room_seq"),
        4
    );
}

TEST_F(EventsOfTheLog, AreVerifiedWithTheToolBesideTheServerAndAfterIt) {
    Person alice(server, "alice");
    const std::string room = alice.create_room();
    const auto seq = alice.say(room, "to be proved");
    const HttpAnswer bundle =
        alice.get("/rooms/" + room + "/messages/" + std::to_string(seq) + "/proof");
    const std::string key = ask_once(server, "GET", "/api/v1/audit/key").body;
    const fs::path file = folder.path() / "bundle.json";
    std::ofstream(file) << bundle.body;
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "audit");
        return run_to_end({.binary = server_binary(), .arguments = arguments, .environment = {}});
    };
    const std::vector<std::string> verify = {"verify", "--json", "--data", server.data().string()};

    Finished beside = run(verify);
    EXPECT_EQ(beside.exit_code, 0) << beside.standard_output << beside.standard_error;
    EXPECT_THAT(beside.standard_error, HasSubstr("a server has this log open"));
    ASSERT_EQ(server.terminate(), 0);
    const Finished after = run(verify);
    EXPECT_EQ(after.exit_code, 0) << after.standard_output << after.standard_error;
    const json report = json::parse(after.standard_output);
    EXPECT_EQ(report.at("signed_up_to"), report.at("head"));
    EXPECT_EQ(report.at("first_bad_position"), nullptr);
    EXPECT_EQ(report.at("verifier_key").get<std::string>() + "\n", key);
    const std::string head = std::to_string(report.at("head").get<std::uint64_t>());
    EXPECT_EQ(run({"verify", "--data", server.data(), "--since", head}).exit_code, 0);
    EXPECT_EQ(run({"verify", "--data", server.data(), "--since", "999999"}).exit_code, 2);
    EXPECT_EQ(run({"verify", "--data", folder.path() / "none"}).exit_code, 2);
    EXPECT_EQ(
        run({"verify", "--data", server.data(), "--key", "other+00000000+AA=="}).exit_code, 1
    );

    const std::string trimmed = key.substr(0, key.size() - 1);
    const Finished proved = run({"check-proof", file, "--key", trimmed});
    EXPECT_EQ(proved.exit_code, 0) << proved.standard_output;
    EXPECT_THAT(proved.standard_output, HasSubstr("to be proved"));
    std::string changed = bundle.body;
    changed.replace(changed.find("to be proved"), 12, "to be fooled");
    std::ofstream(file) << changed;
    EXPECT_EQ(run({"check-proof", file, "--key", trimmed}).exit_code, 1);
}

}  // namespace

}  // namespace verbatim::testing
