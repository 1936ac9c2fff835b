/*
 * schema/contract.cc - see contract.hpp
 *
 * valijson is asked twice about a body that breaks the schema: the first time it only says
 * yes or no, which is fast, the second time it collects what is wrong.  Of that, the first
 * message is told: it is the innermost one.
 */
#include "visitor.hpp"

#include <cctype>
#include <cstring>
#include <unordered_map>
#include <vector>

#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

#include "contract.hpp"
#include "json_body.hpp"
#include "metaschema.hpp"
#include "references.hpp"

using valijson::adapters::RapidJsonAdapter;

namespace mq {

using Problem = std::optional<Finding>;
using Regexes = std::unordered_map<std::string, valijson::Regex>;

namespace {

/* The place that valijson means: "<root>", then "[name]" or "[0]" for each level. */
std::string
pointer_of(const std::vector<std::string> &context)
{
	std::string pointer;

	for (std::size_t i = 1; i < context.size(); i++) {
		pointer = pointer_with(pointer, context[i].substr(1, context[i].size() - 2));
	}
	return pointer;
}

/* What valijson says, in the words of this project: what was expected. */
std::string
expected(std::string text)
{
	static const struct {
		const char *begin, *instead;
	} words[] = {
		{ "Failed to match against any enum", "one of the values of \"enum\"" },
		{ "Failed to match expected value", "the value of \"const\"" },
		{ "Failed to any values", "an item that \"contains\" describes" },
		{ "Target should not validate", "a value that \"not\" does not describe" },
		{ "Failed to validate against exactly one", "only one of \"oneOf\" to fit" },
	}, heads[] = {
		{ "Missing required property ", "a member " },
		{ "Missing dependency ", "beside another member, a member " },
		{ "Expected number less than or equal to ", "a number of at most " },
		{ "Expected number greater than or equal to ", "a number of at least " },
		{ "Expected ", "a " },
		{ "Array should contain ", "an array of " },
		{ "Object should have ", "an object of " },
	};

	if (!text.empty() && text.back() == '.')
		text.pop_back();
	const auto dot = text.rfind('.');
	if (dot != std::string::npos && text.find_first_not_of("0123456789", dot + 1) ==
	    std::string::npos) {	/* std::to_string writes six decimals */
		text.erase(text.find_last_not_of('0') + 1);
		if (text.back() == '.')
			text.pop_back();
	}
	for (const auto &w : words)
		if (text.compare(0, std::strlen(w.begin), w.begin) == 0)
			return w.instead;
	for (const auto &h : heads)
		if (text.compare(0, std::strlen(h.begin), h.begin) == 0)
			return h.instead + text.substr(std::strlen(h.begin));
	if (text.size() > 1)
		text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
	return text;
}

class Validator {
public:
	/* The schema that references.hpp has rewritten. */
	void
	populate(const rapidjson::Document &d)
	{
		valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);

		parser.populateSchema(RapidJsonAdapter(d), schema);
	}

	Problem
	add_pattern(const std::string &text, const std::string &pointer)
	{
		try {
			regexes.emplace(text, Pattern(text));
		} catch (const std::regex_error &e) {
			const bool backwards = e.code() == std::regex_constants::error_complexity;
			return Finding{ Finding::NoSchema, pointer, backwards ?
			    "a regular expression without references back" :
			    "a regular expression (ECMA 262)" };
		}
		return {};
	}

	bool
	holds(const rapidjson::Value &v, valijson::ValidationResults *results)
	{
		return valijson::ValueVisitor(RapidJsonAdapter(v), root, true, results,
		    regexes).validateSchema(schema);
	}

	Problem
	check(const rapidjson::Value &v)
	{
		valijson::ValidationResults results;
		valijson::ValidationResults::Error first;

		if (holds(v, nullptr))
			return {};
		if (holds(v, &results))
			return Finding{ Finding::Failed, "", "the two passes differ" };
		if (!results.popError(first))
			return Finding{ Finding::Broken, "", "nothing: the schema is false" };
		return Finding{ Finding::Broken, pointer_of(first.context), expected(first.description) };
	}

private:
	valijson::Schema	schema;
	Regexes			regexes;
	const std::vector<std::string> root { "<root>" };
};

}

struct Contract::Compiled {
	Validator	validator;
	std::vector<char> room = std::vector<char>(256 * 1024);
	rapidjson::MemoryPoolAllocator<> pool { room.data(), room.size() };
};

Contract::Contract() = default;
Contract::~Contract() = default;

namespace {

/* Holds a schema, which stands at `pointer', against the meta-schema. */
Problem
check_schema(Validator &metaschema, const rapidjson::Value &schema, const std::string &pointer)
{
	Problem bad = metaschema.check(schema);

	if (!bad)
		return bad;
	const auto slash = bad->pointer.rfind('/');
	if (slash != std::string::npos && bad->pointer.compare(slash, 5, "/type") == 0)
		bad->text = "array, boolean, integer, null, number, object or string, or an array of these";
	bad->kind = Finding::NoSchema;
	bad->pointer = pointer + bad->pointer;
	return bad;
}

/* The checks of each schema within the schema that the meta-schema does not make. */
Problem
visit_schema(Validator &metaschema, Validator &validator, const rapidjson::Value &schema,
    const std::string &pointer, bool outside)
{
	Problem bad;

	if (outside && (bad = check_schema(metaschema, schema, pointer)))
		return bad;
	if (!schema.IsObject())
		return {};
	const auto pattern = schema.FindMember("pattern");
	if (pattern != schema.MemberEnd() && (bad = validator.add_pattern(
	    std::string(pattern->value.GetString(), pattern->value.GetStringLength()),
	    pointer + "/pattern")))
		return bad;
	const auto names = schema.FindMember("patternProperties");
	if (names != schema.MemberEnd())
		for (const auto &m : names->value.GetObject()) {
			const std::string text(m.name.GetString(), m.name.GetStringLength());
			if ((bad = validator.add_pattern(text,
			    pointer_with(pointer + "/patternProperties", text))))
				return bad;
		}
	return {};
}

}

Problem
Contract::compile(const char *text, std::size_t n)
{
	std::vector<char> copy(text, text + n);
	rapidjson::Document d, m;
	Validator metaschema;
	Problem bad;

	m.Parse(metaschema_text);
	auto fine = [](const rapidjson::Value &, const std::string &, bool) { return Problem(); };
	if ((bad = resolve_references(m, fine)))
		return bad;
	metaschema.populate(m);

	copy.push_back('\0');
	if ((bad = parse_body(d, copy.data(), n))) {
		if (bad->kind == Finding::Broken)
			bad->kind = Finding::NoSchema;
		return bad;
	}
	if ((bad = check_schema(metaschema, d, "")))
		return bad;
	auto next = std::make_unique<Compiled>();
	if ((bad = resolve_references(d, [&](const rapidjson::Value &schema,
	    const std::string &pointer, bool outside) {
		return visit_schema(metaschema, next->validator, schema, pointer, outside);
	})))
		return bad;
	try {
		next->validator.populate(d);
	} catch (const std::exception &e) {
		return Finding{ Finding::NoSchema, "", expected(e.what()) };
	}
	compiled = std::move(next);
	return {};
}

Problem
Contract::check(char *body, std::size_t n)
{
	Problem bad;

	try {
		rapidjson::Document d(&compiled->pool);
		if (!(bad = parse_body(d, body, n)))
			bad = compiled->validator.check(d);
	} catch (const std::bad_alloc &) {
		bad = Finding{ Finding::Failed, "", "not enough memory" };
	} catch (const std::exception &e) {
		bad = Finding{ Finding::Failed, "", e.what() };
	}
	compiled->pool.Clear();
	return bad;
}

}
