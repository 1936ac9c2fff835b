/*
 * schema/references.hpp - makes every $ref of a schema one that valijson can follow
 *
 * valijson 1.0 knows references by JSON pointers within a document.  It does not know $id
 * as draft 7 has it, and it mistakes a schema for another one where their paths, written
 * without escapes, are the same.  So a schema is rewritten before valijson sees it:
 *
 *	{ "$ref": "#/schemas/0", "schemas": [ S0, S1, ... ] }
 *
 * S0 is the schema itself, the others are the schemas that references lead to.  Each of
 * them is moved out of its place, where a reference to it is left.  After that, each
 * reference is "#/schemas/N", so no two have the same path.  Keywords that draft 7 does not
 * have, but valijson does (id), are removed.
 *
 * References are resolved by RFC 3986 against the $id around them.  Nothing is fetched: a
 * reference to what is not in the text is an error.  The one exception is the meta-schema
 * of draft 7, which is compiled in.
 */
#ifndef MQ_CMD_SCHEMA_REFERENCES_HPP
#define MQ_CMD_SCHEMA_REFERENCES_HPP

#include <functional>
#include <optional>
#include <string>

#include <rapidjson/document.h>

#include "contract.hpp"

namespace mq {

/* What is asked about each schema within the schema, before it is rewritten. */
using VisitSchema = std::function<std::optional<Finding>(const rapidjson::Value &schema,
    const std::string &pointer, bool outside)>;

/*
 * Rewrites a schema.  `visit' is called once with each schema in it.  `outside' means that
 * the place is none where the meta-schema expects a schema, so nobody has looked at it yet.
 */
std::optional<Finding> resolve_references(rapidjson::Document &, const VisitSchema &visit);

/* Appends a token to a JSON pointer, with its escapes. */
std::string pointer_with(const std::string &pointer, const std::string &token);

}

#endif
