/* schema/json_body.hpp - parses a body, and refuses what programs could read in two ways */
#ifndef MQ_CMD_SCHEMA_JSON_BODY_HPP
#define MQ_CMD_SCHEMA_JSON_BODY_HPP

#include <cstddef>
#include <optional>

#include <rapidjson/document.h>

#include "contract.hpp"

namespace mq {

/* Parses n bytes in place; the one behind them must be NUL.  Nothing: it is JSON. */
std::optional<Finding> parse_body(rapidjson::Document &, char *body, std::size_t n);

}

#endif
