#pragma once

#include "domain/result.hpp"

#include <string>

// New passwords from whoever sits at the terminal. The errors are sentences for people.
namespace verbatim {

// The first line of standard input, without its end.
[[nodiscard]] Expected<std::string, std::string> read_password_line();
// Asks twice on the terminal, without echo. Error where standard input is no terminal.
[[nodiscard]] Expected<std::string, std::string> prompt_for_password();
// 26 random characters of [0-9a-z], 128 bits.
[[nodiscard]] Expected<std::string, std::string> generate_password();

}  // namespace verbatim
