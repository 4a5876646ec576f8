#include "broker/amqp/publish_cursor.hpp"

#include "domain/type_id.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace verbatim::amqp {

namespace {

constexpr std::string_view magic = "verbatim-publisher/1 ";

// "verbatim-publisher/1 <epoch> <position>\n"
std::string line_of(const Uuid& epoch, Position position) {
    return std::string(magic) + base32_text(epoch) + " " + std::to_string(position.value()) + "\n";
}

Position position_in(std::string_view text, const Uuid& epoch) {
    const std::string head = std::string(magic) + base32_text(epoch) + " ";
    if (!text.starts_with(head) || !text.ends_with('\n')) return {};
    const std::string_view digits = text.substr(head.size(), text.size() - head.size() - 1);
    std::uint64_t value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_number = fault == std::errc() && end == digits.data() + digits.size();
    return is_number ? Position(value) : Position();
}

}  // namespace

PublishCursor::PublishCursor(std::filesystem::path file, const Uuid& epoch)
    : file_(std::move(file)), epoch_(epoch) {
    std::ifstream in(file_, std::ios::binary);
    if (!in) return;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    position_ = position_in(text, epoch_);
}

Expected<void, std::string> PublishCursor::move_to(Position position) {
    if (position == position_) return {};
    position_ = position;
    const std::filesystem::path next = file_.string() + ".next";
    std::ofstream out(next, std::ios::binary | std::ios::trunc);
    out << line_of(epoch_, position);
    out.close();
    std::error_code fault;
    if (out) std::filesystem::rename(next, file_, fault);
    if (out && !fault) return {};
    return failure(
        "what was published is not kept in " + file_.string() + ": " +
        (fault ? fault.message() : "it cannot be written") + "; after a restart it is said again"
    );
}

}  // namespace verbatim::amqp
