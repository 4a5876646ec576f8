find_program(node NAMES node REQUIRED)
set(node_tests ${CMAKE_CURRENT_SOURCE_DIR}/node)

add_test(NAME documents_pass_redocly
    COMMAND ${node} node_modules/@redocly/cli/bin/cli.js lint --config redocly.yaml --max-problems 50
        ${CMAKE_SOURCE_DIR}/api/openapi.yaml ${CMAKE_SOURCE_DIR}/api/asyncapi.yaml
    WORKING_DIRECTORY ${node_tests})
set_tests_properties(documents_pass_redocly PROPERTIES LABELS system TIMEOUT 120
    ENVIRONMENT "REDOCLY_TELEMETRY=off;REDOCLY_SUPPRESS_UPDATE_NOTICE=true")

# After all tests of app/: what they were answered is what the documents say.
set(answers ${CMAKE_CURRENT_BINARY_DIR}/answers)
set(documents ${CMAKE_BINARY_DIR}/openapi.json ${CMAKE_BINARY_DIR}/asyncapi.json)
add_test(NAME answers_are_forgotten COMMAND ${CMAKE_COMMAND} -E rm -rf ${answers})
set_tests_properties(answers_are_forgotten PROPERTIES LABELS system FIXTURES_SETUP answers_folder)
add_test(NAME answers_are_what_the_documents_say
    COMMAND ${node} check_answers.mjs ${answers} ${documents} WORKING_DIRECTORY ${node_tests})
set_tests_properties(answers_are_what_the_documents_say PROPERTIES
    LABELS system TIMEOUT 300 FIXTURES_REQUIRED answers)

add_test(NAME node_client_end_to_end
    COMMAND ${node} --test end_to_end.mjs WORKING_DIRECTORY ${node_tests})
set_tests_properties(node_client_end_to_end PROPERTIES LABELS system TIMEOUT 300
    ENVIRONMENT "VERBATIM=$<TARGET_FILE:verbatim>;OPENAPI=${CMAKE_BINARY_DIR}/openapi.json;ASYNCAPI=${CMAKE_BINARY_DIR}/asyncapi.json")

find_program(chromium NAMES chromium REQUIRED)
add_test(NAME docs_page_in_a_browser
    COMMAND ${node} --test docs_page.mjs WORKING_DIRECTORY ${node_tests})
set_tests_properties(docs_page_in_a_browser PROPERTIES LABELS system TIMEOUT 120
    ENVIRONMENT "VERBATIM=$<TARGET_FILE:verbatim>;OPENAPI=${CMAKE_BINARY_DIR}/openapi.json;CHROMIUM=${chromium}")
add_test(NAME web_client_in_a_browser
    COMMAND ${node} --test web_client.mjs WORKING_DIRECTORY ${node_tests})
set_tests_properties(web_client_in_a_browser PROPERTIES LABELS system TIMEOUT 180
    ENVIRONMENT "VERBATIM=$<TARGET_FILE:verbatim>;CHROMIUM=${chromium}")
add_test(NAME web_client_checks_proofs
    COMMAND ${node} --test web_merkle.mjs WORKING_DIRECTORY ${node_tests})
set_tests_properties(web_client_checks_proofs PROPERTIES LABELS unit)
add_test(NAME web_client_remembers_the_log
    COMMAND ${node} --test web_log_memory.mjs WORKING_DIRECTORY ${node_tests})
set_tests_properties(web_client_remembers_the_log PROPERTIES LABELS system TIMEOUT 180
    ENVIRONMENT "VERBATIM=$<TARGET_FILE:verbatim>;OPENAPI=${CMAKE_BINARY_DIR}/openapi.json")
