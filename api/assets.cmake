# What the program serves beside answers: its documents and pages, inside the binary.
set(swagger_ui ${CMAKE_SOURCE_DIR}/web/node_modules/swagger-ui-dist)
if(NOT EXISTS ${swagger_ui}/swagger-ui-bundle.js)
    message(FATAL_ERROR "web/node_modules/swagger-ui-dist is missing. `npm ci --ignore-scripts` in "
        "web/ brings it (./run and ./test do that); it needs npm and a network once.")
endif()
foreach(package tus-js-client/dist/tus.min.js htm/preact/standalone.module.js)
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/web/node_modules/${package})
        message(FATAL_ERROR "web/node_modules/${package} is missing: run `npm ci --ignore-scripts` in web/.")
    endif()
endforeach()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(verbatim_document name)
    set(source ${CMAKE_SOURCE_DIR}/api/${name}.yaml)
    add_custom_command(
        OUTPUT ${CMAKE_BINARY_DIR}/${name}.json
        COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/yaml_to_json.py
            ${source} ${CMAKE_BINARY_DIR}/${name}.json
        DEPENDS ${source} ${CMAKE_SOURCE_DIR}/tools/yaml_to_json.py
        VERBATIM)
endfunction()
verbatim_document(openapi)
verbatim_document(asyncapi)

set(verbatim_assets
    /api/v1/openapi.json=${CMAKE_BINARY_DIR}/openapi.json
    /api/v1/asyncapi.json=${CMAKE_BINARY_DIR}/asyncapi.json
    /docs=${CMAKE_SOURCE_DIR}/api/docs/index.html
    /docs/init.js=${CMAKE_SOURCE_DIR}/api/docs/init.js
    /docs/docs.css=${CMAKE_SOURCE_DIR}/api/docs/docs.css
    /docs/swagger-ui.css=${swagger_ui}/swagger-ui.css
    /docs/swagger-ui-bundle.js=${swagger_ui}/swagger-ui-bundle.js
    /docs/favicon.png=${swagger_ui}/favicon-32x32.png
    /=${CMAKE_SOURCE_DIR}/web/client/index.html
    /audit=${CMAKE_SOURCE_DIR}/web/client/audit.html
    /web/preact.js=${CMAKE_SOURCE_DIR}/web/node_modules/htm/preact/standalone.module.js
    /web/tus.min.js=${CMAKE_SOURCE_DIR}/web/node_modules/tus-js-client/dist/tus.min.js)
file(GLOB client_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/client/*.js
    ${CMAKE_SOURCE_DIR}/web/client/*.css ${CMAKE_SOURCE_DIR}/web/client/*.svg)
foreach(file ${client_files})
    get_filename_component(name ${file} NAME)
    list(APPEND verbatim_assets /web/${name}=${file})
endforeach()
list(TRANSFORM verbatim_assets REPLACE "^[^=]*=" "" OUTPUT_VARIABLE verbatim_asset_files)
add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/assets.cpp
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/embed_assets.py
        ${CMAKE_BINARY_DIR}/assets.cpp ${verbatim_assets}
    DEPENDS ${verbatim_asset_files} ${CMAKE_SOURCE_DIR}/tools/embed_assets.py
    VERBATIM)
target_sources(verbatim_api PRIVATE ${CMAKE_BINARY_DIR}/assets.cpp)
