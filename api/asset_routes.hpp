#pragma once

#include "api/route_table.hpp"

#include <string_view>

// Files that are part of the program (api/assets.hpp). Anyone may read them. A copy may be kept; it
// is asked for anew each time and answered with 304 where it is still good. Those who accept gzip
// get it.
namespace verbatim::api {

// Requires: assets() has `path`.
[[nodiscard]] Handler asset_route(std::string_view path);

// {asset} of a folder, so that neither the route table nor its document need name each file.
// `folder` ends in a slash and outlives the route. What is not there is answered with 404.
[[nodiscard]] Handler asset_folder_route(std::string_view folder);

}  // namespace verbatim::api
