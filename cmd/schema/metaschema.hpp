/* schema/metaschema.hpp - the schema that every schema of draft 7 conforms to */
#ifndef MQ_CMD_SCHEMA_METASCHEMA_HPP
#define MQ_CMD_SCHEMA_METASCHEMA_HPP

namespace mq {

extern const char metaschema_uri[];
extern const char metaschema_text[];

}

#endif
