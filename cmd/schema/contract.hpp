/*
 * schema/contract.hpp - a JSON Schema, compiled once, that bodies are held against
 *
 * valijson does the checking, on documents that RapidJSON has parsed.  This layer gives
 * valijson schemas whose references it can follow (references.hpp), and answers with a
 * finding instead of a list of messages.
 */
#ifndef MQ_CMD_SCHEMA_CONTRACT_HPP
#define MQ_CMD_SCHEMA_CONTRACT_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace mq {

/* What is wrong, and where.  The letters are those of the protocol (mq-schema.cc). */
struct Finding {
	enum Kind : char {
		NoJson = 'J',		/* the text is not JSON */
		NoSchema = 'S',		/* the text is JSON, and not a schema */
		Broken = 'B',		/* a body breaks the schema */
		Failed = 'F'		/* the check itself failed: nothing is known of the body */
	};
	Kind		kind;
	std::string	pointer;	/* RFC 6901, into the schema or the body */
	std::string	text;		/* what was expected; of NoJson and Failed: the reason */
};

class Contract {
public:
	Contract();
	~Contract();
	Contract(const Contract &) = delete;
	Contract &operator=(const Contract &) = delete;

	/* Compiles a schema.  Nothing: it is one. */
	std::optional<Finding> compile(const char *text, std::size_t n);
	/*
	 * Holds a body against the schema.  Nothing: it conforms.  The n bytes and the one
	 * behind them, which must be NUL, are changed: the parser decodes strings in place.
	 */
	std::optional<Finding> check(char *body, std::size_t n);

private:
	struct Compiled;
	std::unique_ptr<Compiled> compiled;
};

}

#endif
