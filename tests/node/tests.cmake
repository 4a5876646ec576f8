find_program(node NAMES node REQUIRED)
set(node_tests ${CMAKE_CURRENT_SOURCE_DIR}/node)

add_test(NAME documents_pass_redocly
    COMMAND ${node} node_modules/@redocly/cli/bin/cli.js lint --config redocly.yaml --max-problems 50
        ${CMAKE_SOURCE_DIR}/api/openapi.yaml ${CMAKE_SOURCE_DIR}/api/asyncapi.yaml
    WORKING_DIRECTORY ${node_tests})
set_tests_properties(documents_pass_redocly PROPERTIES LABELS system TIMEOUT 120
    ENVIRONMENT "REDOCLY_TELEMETRY=off;REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
