#pragma once

#include "api/services.hpp"

namespace verbatim::api::test {

// Routes only keep where the services are: a table that is asked for its list, or for what needs
// none of them, can be made without.
union UnmadeServices {
    UnmadeServices() {}
    ~UnmadeServices() {}
    Services services;
};

}  // namespace verbatim::api::test
