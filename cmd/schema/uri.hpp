/* schema/uri.hpp - references to places in documents, by RFC 3986 */
#ifndef MQ_CMD_SCHEMA_URI_HPP
#define MQ_CMD_SCHEMA_URI_HPP

#include <string>

namespace mq {

/* A reference in its absolute form, as seen from a base (which may be empty). */
std::string uri_resolve(const std::string &base, const std::string &reference);
/* Text with each %XX decoded. */
std::string uri_decode(const std::string &text);

}

#endif
