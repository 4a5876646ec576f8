#include "protocol/tokens.hpp"

#include "domain/limits.hpp"
#include "domain/type_id.hpp"
#include "eventstore/digest.hpp"
#include "protocol/jws.hpp"
#include "tests/domain/scenario.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace verbatim::testing {
namespace {

using Seed = std::array<std::uint8_t, 32>;

constexpr SessionId laptop = numbered<SessionId>(201);

// RFC 8037, appendix A.
Seed rfc_seed() {
    const std::string bytes =
        parse_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").value();
    Seed seed{};
    std::copy(bytes.begin(), bytes.end(), seed.begin());
    return seed;
}
constexpr std::string_view rfc_x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr std::string_view rfc_thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
constexpr std::string_view rfc_jws =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

Seed other_seed() {
    Seed seed{};
    seed.fill(7);
    return seed;
}

// header, payload, signature
std::array<std::string, 3> segments_of(const std::string& token) {
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    return {
        token.substr(0, first),
        token.substr(first + 1, second - first - 1),
        token.substr(second + 1)};
}
std::string join(const std::array<std::string, 3>& segments) {
    return segments[0] + "." + segments[1] + "." + segments[2];
}

TEST(Base64Url, WritesTheVectorsOfRfc4648WithoutPadding) {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff", "-_8"},
    };
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64url(bytes), text);
        EXPECT_EQ(parse_base64url(text), std::string(bytes));
    }
}

TEST(Base64Url, RefusesWhatItWouldNotWrite) {
    for (const std::string_view text :
         {"Zg==", "Zg=", "Z", "Zh", "Zm9", "+/8", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9vYg=", "Zm9v."})
        EXPECT_EQ(parse_base64url(text), std::nullopt) << text;
    EXPECT_EQ(parse_base64url(std::string_view("Zm9v\0", 5)), std::nullopt);
}

TEST(SigningKey, MatchesTheVectorsOfRfc8037) {
    const SigningKey key(rfc_seed());
    EXPECT_EQ(key.x(), rfc_x);
    EXPECT_EQ(key.thumbprint(), rfc_thumbprint);
    EXPECT_EQ(sign_compact(key, R"({"alg":"EdDSA"})", "Example of Ed25519 signing"), rfc_jws);
    const auto signature = segments_of(std::string(rfc_jws))[2];
    const auto input = rfc_jws.substr(0, rfc_jws.rfind('.'));
    EXPECT_TRUE(key.verifies(input, parse_base64url(signature).value()));
    EXPECT_FALSE(key.verifies("something else", parse_base64url(signature).value()));
    EXPECT_FALSE(key.verifies(input, "short"));
}

class TokensTest : public ::testing::Test {
protected:
    [[nodiscard]] std::string issued() const { return tokens_.issue(alice, laptop, noon); }
    [[nodiscard]] TokenFault fault_of(std::string_view token, Timestamp now = noon) const {
        const auto claims = tokens_.verify(token, now);
        EXPECT_FALSE(claims.has_value()) << token;
        return claims ? TokenFault::malformed : claims.error();
    }

    Tokens tokens_{rfc_seed()};
};
using AccessTokens = TokensTest;
using RefreshTokens = TokensTest;

TEST_F(AccessTokens, SayWhomTheyWereIssuedToAndTillWhen) {
    const auto claims = tokens_.verify(issued(), noon).value();
    EXPECT_EQ(claims.user, alice);
    EXPECT_EQ(claims.session, laptop);
    EXPECT_EQ(claims.expires, seconds_after_noon(limits::access_token_seconds));
}

TEST_F(AccessTokens, AreJwtsThatOthersCanRead) {
    using nlohmann::json;
    const auto segments = segments_of(issued());
    const auto header = json::parse(parse_base64url(segments[0]).value());
    EXPECT_EQ(
        header, (json{{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", std::string(rfc_thumbprint)}})
    );
    const auto claims = json::parse(parse_base64url(segments[1]).value());
    EXPECT_EQ(claims.at("iss"), "verbatim");
    EXPECT_EQ(claims.at("sub"), to_text(alice));
    EXPECT_EQ(claims.at("sid"), to_text(laptop));
    EXPECT_EQ(claims.at("iat"), noon.microseconds() / 1'000'000);
    EXPECT_EQ(claims.at("exp"), noon.microseconds() / 1'000'000 + 900);
    EXPECT_EQ(claims.size(), 6U);
    EXPECT_NE(segments[1], segments_of(issued())[1]) << "each has a jti of its own";
}

TEST_F(AccessTokens, ExpireToTheMicrosecond) {
    const std::string token = issued();
    const auto expires = seconds_after_noon(limits::access_token_seconds);
    EXPECT_TRUE(tokens_.verify(token, Timestamp(expires.microseconds() - 1)).has_value());
    EXPECT_EQ(fault_of(token, expires), TokenFault::expired);
}

TEST_F(AccessTokens, AreRefusedWhenAnyCharacterIsChanged) {
    const std::string token = issued();
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string tampered = token;
        tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(tokens_.verify(tampered, noon).has_value()) << i;
    }
}

TEST_F(AccessTokens, AreRefusedWhenASegmentIsAnotherTokens) {
    const auto mine = segments_of(issued());
    const auto other = segments_of(tokens_.issue(bob, laptop, noon));
    EXPECT_EQ(fault_of(join({mine[0], other[1], mine[2]})), TokenFault::not_ours);
    EXPECT_EQ(fault_of(join({mine[0], mine[1], other[2]})), TokenFault::not_ours);
}

TEST_F(AccessTokens, AreRefusedWithAnyOtherAlgorithm) {
    const auto segments = segments_of(issued());
    const SigningKey key(rfc_seed());
    for (const std::string_view header :
         {R"({"alg":"none"})",
          R"({"alg":"None","typ":"JWT"})",
          R"({"alg":"HS256","typ":"JWT"})",
          R"({"alg":"RS256"})",
          R"({"typ":"JWT"})",
          R"({})",
          R"({"alg":"EdDSA"})",
          R"({"alg":"none","alg":"EdDSA"})"}) {
        EXPECT_EQ(fault_of(base64url(header) + "." + segments[1] + "."), TokenFault::not_ours);
        const std::string payload = parse_base64url(segments[1]).value();
        EXPECT_EQ(fault_of(sign_compact(key, header, payload)), TokenFault::not_ours);
    }
}

TEST_F(AccessTokens, AreRefusedWhenTheyHaveNotExactlyThreeSegments) {
    const std::string token = issued();
    for (const std::string& other :
         {std::string(),
          std::string("."),
          std::string(".."),
          token + ".",
          token + ".x",
          "." + token,
          token.substr(0, token.rfind('.')),
          std::string("x"),
          token + std::string(2'000, 'x')})
        EXPECT_FALSE(tokens_.verify(other, noon).has_value()) << other;
    EXPECT_EQ(fault_of(token + ".x"), TokenFault::malformed);
}

TEST_F(AccessTokens, AreRefusedWhenPadded) {
    EXPECT_EQ(fault_of(issued() + "="), TokenFault::malformed);
    EXPECT_EQ(fault_of(issued() + "=="), TokenFault::malformed);
}

TEST_F(AccessTokens, AreRefusedWhenSignedByAnotherKey) {
    EXPECT_EQ(fault_of(Tokens(other_seed()).issue(alice, laptop, noon)), TokenFault::not_ours);
    const auto segments = segments_of(issued());
    const auto header = parse_base64url(segments[0]).value();
    const auto payload = parse_base64url(segments[1]).value();
    const SigningKey other(other_seed());
    EXPECT_EQ(fault_of(sign_compact(other, header, payload)), TokenFault::not_ours);
}

TEST_F(AccessTokens, AreRefusedWhenTheirClaimsAreNotWhatWeIssue) {
    const SigningKey key(rfc_seed());
    const auto header = parse_base64url(segments_of(issued())[0]).value();
    const std::string ids = R"("sub":")" + to_text(alice) + R"(","sid":")" + to_text(laptop) + '"';
    for (const std::string& payload :
         {std::string("not json"),
          std::string("[]"),
          R"({"iss":"other",)" + ids + R"(,"exp":9999999999})",
          R"({"iss":"verbatim",)" + ids + "}",
          R"({"iss":"verbatim",)" + ids + R"(,"exp":"9999999999"})",
          std::string(R"({"iss":"verbatim","sub":"user_1","sid":"s","exp":9999999999})")})
        EXPECT_EQ(fault_of(sign_compact(key, header, payload)), TokenFault::not_ours) << payload;
}

TEST_F(TokensTest, ShowTheirPublicKeyAsAKeySet) {
    const auto keys = nlohmann::json::parse(tokens_.jwks()).at("keys");
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_EQ(
        keys[0],
        (nlohmann::json{
            {"kty", "OKP"},
            {"crv", "Ed25519"},
            {"x", std::string(rfc_x)},
            {"kid", std::string(rfc_thumbprint)},
            {"use", "sig"},
            {"alg", "EdDSA"}})
    );
}

TEST_F(RefreshTokens, NameTheirSessionAndAreKnownByTheirHash) {
    const RefreshToken made = tokens_.make_refresh(alice, laptop);
    EXPECT_EQ(made.text.size(), 108U);
    EXPECT_EQ(made.hash, std::string(as_text(sha256({made.text}))));
    const auto read = tokens_.read_refresh(made.text).value();
    EXPECT_EQ(read.user, alice);
    EXPECT_EQ(read.session, laptop);
    EXPECT_EQ(read.hash, made.hash);
}

TEST_F(RefreshTokens, DifferEachTime) {
    EXPECT_NE(tokens_.make_refresh(alice, laptop).text, tokens_.make_refresh(alice, laptop).text);
}

TEST_F(RefreshTokens, AreRefusedWhenAnyCharacterIsChanged) {
    const std::string text = tokens_.make_refresh(alice, laptop).text;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string tampered = text;
        tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(tokens_.read_refresh(tampered).has_value()) << i;
    }
}

TEST_F(RefreshTokens, AreRefusedWhenCutPaddedOrLong) {
    const std::string text = tokens_.make_refresh(alice, laptop).text;
    for (const std::string& other :
         {std::string(),
          text.substr(1),
          text.substr(0, 104),
          text + "A",
          text + "AAAA",
          text + "=",
          std::string(1'000'000, 'A')})
        EXPECT_FALSE(tokens_.read_refresh(other).has_value());
}

TEST_F(RefreshTokens, AreRefusedWhenAnotherKeyMadeThem) {
    EXPECT_FALSE(
        tokens_.read_refresh(Tokens(other_seed()).make_refresh(alice, laptop).text).has_value()
    );
    EXPECT_FALSE(tokens_.read_refresh(issued()).has_value());
}

class KeyFile : public ::testing::Test {
protected:
    [[nodiscard]] std::filesystem::path directory() const {
        return std::filesystem::path(folder_.path()) / "keys";
    }
    [[nodiscard]] std::filesystem::path file() const { return directory() / "token.key"; }
    [[nodiscard]] static unsigned mode_of(const std::filesystem::path& path) {
        struct stat status {};
        EXPECT_EQ(::stat(path.c_str(), &status), 0);
        return status.st_mode & 07777;
    }
    void write(std::size_t bytes) const {
        std::filesystem::create_directory(directory());
        std::ofstream(file(), std::ios::binary) << std::string(bytes, 'k');
        std::filesystem::permissions(
            file(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
        );
    }
    [[nodiscard]] StoreFault fault() const {
        const auto opened = Tokens::open(directory());
        EXPECT_FALSE(opened.has_value());
        return opened ? StoreFault::io_failed : opened.error().fault;
    }

    TemporaryFolder folder_;
};

TEST_F(KeyFile, IsMadeForItsOwnerOnly) {
    ASSERT_TRUE(Tokens::open(directory()).has_value());
    EXPECT_EQ(mode_of(directory()), 0700U);
    EXPECT_EQ(mode_of(file()), 0600U);
    EXPECT_EQ(std::filesystem::file_size(file()), 32U);
    EXPECT_FALSE(std::filesystem::exists(directory() / "token.key.new"));
}

TEST_F(KeyFile, IsTheSameKeyWhenOpenedAgain) {
    const auto token = Tokens::open(directory()).value()->issue(alice, laptop, noon);
    EXPECT_TRUE(Tokens::open(directory()).value()->verify(token, noon).has_value());
}

TEST_F(KeyFile, IsNotTheOneOfAnotherFolder) {
    const TemporaryFolder other;
    const auto token = Tokens::open(directory()).value()->issue(alice, laptop, noon);
    const auto strangers = Tokens::open(std::filesystem::path(other.path()) / "keys").value();
    EXPECT_EQ(strangers->verify(token, noon).error(), TokenFault::not_ours);
}

TEST_F(KeyFile, IsMadeAfterACrashLeftAnUnfinishedOne) {
    std::filesystem::create_directory(directory());
    std::ofstream(directory() / "token.key.new") << "half";
    ASSERT_TRUE(Tokens::open(directory()).has_value());
    EXPECT_EQ(std::filesystem::file_size(file()), 32U);
}

TEST_F(KeyFile, IsRefusedWhenOthersMayReadOrWriteIt) {
    using std::filesystem::perms;
    for (const perms open :
         {perms::group_read, perms::others_read, perms::group_write, perms::others_write}) {
        write(32);
        std::filesystem::permissions(file(), open, std::filesystem::perm_options::add);
        EXPECT_EQ(fault(), StoreFault::cannot_open);
    }
}

TEST_F(KeyFile, IsRefusedWhenOfTheWrongSize) {
    for (const std::size_t bytes : {0U, 31U, 33U}) {
        write(bytes);
        EXPECT_EQ(fault(), StoreFault::cannot_open) << bytes;
    }
}

TEST_F(KeyFile, IsRefusedWhenItIsALinkOrADirectory) {
    write(32);
    std::filesystem::rename(file(), directory() / "elsewhere");
    std::filesystem::create_symlink("elsewhere", file());
    EXPECT_EQ(fault(), StoreFault::cannot_open);
    std::filesystem::remove(file());
    std::filesystem::create_directory(file());
    EXPECT_EQ(fault(), StoreFault::cannot_open);
}

TEST_F(KeyFile, IsRefusedWhereItsDirectoryCannotBe) {
    EXPECT_FALSE(Tokens::open(directory() / "missing" / "keys").has_value());
}

}  // namespace
}  // namespace verbatim::testing
