#include "tools/password_prompt.hpp"

#include "domain/ids.hpp"
#include "domain/type_id.hpp"
#include "protocol/random.hpp"
#include "protocol/request_json.hpp"
#include "protocol/text_rules.hpp"

#include <cstdio>
#include <iostream>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace verbatim {

namespace {

// What is typed is not shown until this ends.
class Unseen {
public:
    Unseen() {
        ::tcgetattr(STDIN_FILENO, &before_);
        termios unseen = before_;
        unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    }
    ~Unseen() {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        std::fputc('\n', stderr);
    }
    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;

private:
    termios before_{};
};

Expected<std::string, std::string> checked(std::string password) {
    if (!is_valid_utf8(password)) return failure("the password is not valid UTF-8");
    if (const auto fault = fault_in_length(password, password_bounds))
        return failure("the password " + *fault);
    return password;
}

Expected<std::string, std::string> read_line() {
    std::string line;
    if (!std::getline(std::cin, line)) return failure("there is no password on standard input");
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

Expected<std::string, std::string> ask(const char* question) {
    std::fputs(question, stderr);
    const Unseen unseen;
    return read_line();
}

}  // namespace

Expected<std::string, std::string> read_password_line() {
    auto line = read_line();
    return line ? checked(std::move(*line)) : std::move(line);
}

Expected<std::string, std::string> prompt_for_password() {
    if (::isatty(STDIN_FILENO) == 0)
        return failure("standard input is no terminal to ask at: use --stdin or --generate");
    auto first = ask("New password: ");
    if (!first) return first;
    auto password = checked(std::move(*first));
    if (!password) return password;
    const auto again = ask("The same again: ");
    if (!again) return failure(again.error());
    if (*again != *password) return failure("the two are not the same; nothing was changed");
    return password;
}

Expected<std::string, std::string> generate_password() {
    Uuid random;
    random_bytes(random.bytes);
    return base32_text(random);
}

}  // namespace verbatim
