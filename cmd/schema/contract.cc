/*
 * schema/contract.cc - see contract.hpp
 *
 * valijson is asked twice about a body that breaks the schema: the first time it only says
 * yes or no, which is fast, the second time it collects what is wrong.  Of that, the first
 * message is told: it is the innermost one.
 *
 * What valijson 1.0 gets wrong is put right by specializing the member functions concerned:
 * multipleOf, integers written as 1.0, uniqueItems in quadratic time, strings with NUL.  A regular
 * expression is matched in time that is linear in the text, so no body can make the checker
 * hang; std::regex would otherwise try exponentially many ways, and overflow the stack with a
 * long text.
 *
 * A name must not occur twice in an object.  JSON allows that, but one program takes the
 * first and another one the last, so a body could show a checker something else than its
 * consumers.
 */
/* GCC 12 takes a member of std::regex for uninitialized when it builds for a sanitizer. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <regex>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_visitor.hpp>

#include "contract.hpp"
#include "metaschema.hpp"
#include "references.hpp"

using valijson::adapters::RapidJsonAdapter;
using valijson::adapters::StdStringAdapter;
namespace constraints = valijson::constraints;

/* ------------------------------------ what valijson does in another way -- */

namespace mq {

/* A regular expression of a schema; what valijson 1.0.3 calls an engine. */
struct Pattern : std::regex {
	explicit Pattern(const std::string &text) : std::regex(text,
	    std::regex_constants::ECMAScript | std::regex_constants::__polynomial) { }
	static bool search(const std::string &s, const Pattern &p) { return std::regex_search(s, p); }
};

/* valijson 1.0 (Debian 12) has std::regex built in, 1.0.3 (Debian 13) has a parameter for it. */
template<template<typename> class V> std::regex regex_of();
template<template<typename, typename> class V> Pattern regex_of();
template<template<typename> class V, typename Adapter> V<Adapter> visitor_of();
template<template<typename, typename> class V, typename Adapter> V<Adapter, Pattern> visitor_of();

}

namespace valijson {

using Regex = decltype(mq::regex_of<ValidationVisitor>());
using ValueVisitor = decltype(mq::visitor_of<ValidationVisitor, RapidJsonAdapter>());
using NameVisitor = decltype(mq::visitor_of<ValidationVisitor, StdStringAdapter>());

}

namespace {

/* The number that a value holds, or NaN. */
double
number_of(const RapidJsonAdapter &v)
{
	if (v.isInteger())
		return static_cast<double>(v.getInteger());
	return v.isDouble() ? v.getDouble() : std::nan("");
}

/*
 * 1 if d is a multiple of a divisor, such as 19.99 of 0.01.  Neither is exactly what was
 * written, so the product may be two rounding errors off.
 */
bool
is_multiple(double d, double divisor)
{
	const double product = std::nearbyint(d / divisor) * divisor;

	return std::fabs(product - d) <= 2 * std::numeric_limits<double>::epsilon() * std::fabs(d);
}

std::string
shown(double d, int digits)
{
	char text[32];

	std::snprintf(text, sizeof(text), "%.*g", digits, d + 0.0);	/* -0 is 0 */
	return text;
}

const char *
type_of(const RapidJsonAdapter &v)
{
	return v.isNull() ? "null" : v.isBool() ? "a boolean" : v.isString() ? "a string" :
	    v.isArray() ? "an array" : v.isObject() ? "an object" :
	    v.isInteger() ? "an integer" : "a number";
}

std::size_t
characters(const std::string &s)
{
	std::size_t n = 0;

	for (const char c : s)
		n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
	return n;
}

/* Text that is the same for values that JSON Schema calls equal, and for no others. */
void
write_canonical(const RapidJsonAdapter &v, std::string &out)
{
	if (v.isNumber()) {
		out += 'n' + shown(number_of(v), 17) + ',';
	} else if (v.isString()) {
		out += 's' + std::to_string(v.getString().size()) + ':' + v.getString();
	} else if (v.isArray()) {
		out += '[';
		for (const RapidJsonAdapter item : v.getArray())
			write_canonical(item, out);
		out += ']';
	} else if (v.isObject()) {
		std::map<std::string, std::string> members;
		for (const auto m : v.getObject())
			write_canonical(m.second, members[m.first]);
		out += '{';
		for (const auto &m : members)
			out += std::to_string(m.first.size()) + ':' + m.first + m.second;
		out += '}';
	} else {
		out += v.isNull() ? '0' : v.getBool() ? '+' : '-';
	}
}

}

namespace valijson {

/* A format describes: draft 7 leaves it to the implementation whether it is checked. */
template<> bool
ValueVisitor::visit(const FormatConstraint &)
{
	return true;
}

template<> bool
NameVisitor::visit(const FormatConstraint &)
{
	return true;
}

template<> bool
NameVisitor::visit(const PatternConstraint &constraint)
{
	return std::regex_search(m_target.asString(),
	    m_regexesCache.at(constraint.getPattern<std::string::allocator_type>()));
}

template<> bool
ValueVisitor::visit(const MultipleOfDoubleConstraint &constraint)
{
	const double d = number_of(m_target);

	if (std::isnan(d) || is_multiple(d, constraint.getDivisor()))
		return true;
	if (m_results)
		m_results->pushError(m_context, "a multiple of " + shown(constraint.getDivisor(), 15));
	return false;
}

template<> bool
ValueVisitor::visit(const MultipleOfIntConstraint &constraint)
{
	const int64_t divisor = constraint.getDivisor();
	const bool integer = m_target.isInteger();
	const double d = number_of(m_target);

	if (integer ? m_target.getInteger() % divisor == 0 :
	    std::isnan(d) || std::fmod(d, static_cast<double>(divisor)) == 0)
		return true;
	if (m_results)
		m_results->pushError(m_context, "a multiple of " + std::to_string(divisor));
	return false;
}

template<> bool
ValueVisitor::visit(const MinLengthConstraint &constraint)
{
	if (!m_target.isString() || characters(m_target.getString()) >= constraint.getMinLength())
		return true;
	if (m_results)
		m_results->pushError(m_context, "a string of at least " +
		    std::to_string(constraint.getMinLength()) + " characters");
	return false;
}

template<> bool
ValueVisitor::visit(const MaxLengthConstraint &constraint)
{
	if (!m_target.isString() || characters(m_target.getString()) <= constraint.getMaxLength())
		return true;
	if (m_results)
		m_results->pushError(m_context, "a string of at most " +
		    std::to_string(constraint.getMaxLength()) + " characters");
	return false;
}

template<> bool
ValueVisitor::visit(const PatternConstraint &constraint)
{
	if (!m_target.isString())
		return true;
	const std::string pattern = constraint.getPattern<std::string::allocator_type>();
	if (std::regex_search(m_target.getString(), m_regexesCache.at(pattern)))
		return true;
	if (m_results)
		m_results->pushError(m_context, "a string that matches " + pattern);
	return false;
}

/* An integer is a number without a fraction, however it is written. */
template<> bool
ValueVisitor::visit(const TypeConstraint &constraint)
{
	bool fits = false, integer = false;
	std::string names;
	static const char *const words[] = {
		"anything", "an array", "a boolean", "an integer", "null", "a number", "an object",
		"a string"
	};

	constraint.applyToNamedTypes(ValidateNamedTypes(m_target, false, true, true, &fits));
	if (fits)
		return true;
	constraint.applyToNamedTypes([&](TypeConstraint::JsonType type) {
		names += (names.empty() ? "" : " or ") + std::string(words[type]);
		integer |= type == TypeConstraint::kInteger;
		return true;
	});
	if (integer && m_target.isDouble() && std::trunc(m_target.getDouble()) == m_target.getDouble())
		return true;
	if (m_results)
		m_results->pushError(m_context, names + ", not " + type_of(m_target));
	return false;
}

template<> bool
ValueVisitor::visit(const UniqueItemsConstraint &)
{
	std::unordered_set<std::string> seen;
	std::size_t n = 0;

	if (!m_target.isArray())
		return true;
	for (const RapidJsonAdapter item : m_target.getArray()) {
		std::string text;
		write_canonical(item, text);
		if (seen.insert(std::move(text)).second) {
			n++;
			continue;
		}
		std::vector<std::string> context = m_context;
		context.push_back("[" + std::to_string(n) + "]");
		if (m_results)
			m_results->pushError(context, "an item that is not there twice");
		return false;
	}
	return true;
}

template<> bool
ValueVisitor::visit(const PropertyNamesConstraint &constraint)
{
	if (!m_target.isObject())
		return true;
	for (const auto m : m_target.getObject()) {
		StdStringAdapter name(m.first);
		if (NameVisitor(name, m_context, true, nullptr,
		    m_regexesCache).validateSchema(*constraint.getSubschema()))
			continue;
		if (m_results)
			m_results->pushError(m_context, "other names than \"" + m.first + "\"");
		return false;
	}
	return true;
}

/* A member is checked by the schema of its name, by that of each pattern, or as additional. */
template<> bool
ValueVisitor::visit(const PropertiesConstraint &constraint)
{
	using Schemas = std::unordered_map<std::string_view, const Subschema *>;
	const Subschema *const additional = constraint.getAdditionalPropertiesSubschema();
	bool valid = true;

	if (!m_target.isObject())
		return true;
	const auto object = m_target.getObject();
	std::vector<std::pair<const Regex *, const Subschema *>> patterns;
	constraint.applyToPatternProperties([&](const auto &pattern, const Subschema *schema) {
		patterns.emplace_back(&m_regexesCache.at(std::string(pattern.c_str())), schema);
		return true;
	});
	Schemas named;
	constraint.applyToProperties([&](const auto &name, const Subschema *schema) {
		named.emplace(std::string_view(name.data(), name.size()), schema);
		return true;
	});
	for (const auto m : object) {
		std::vector<const Subschema *> schemas;
		const auto own = named.find(m.first);
		if (own != named.end())
			schemas.push_back(own->second);
		for (const auto &p : patterns)
			if (std::regex_search(m.first, *p.first))
				schemas.push_back(p.second);
		if (schemas.empty() && additional != nullptr)
			schemas.push_back(additional);
		std::vector<std::string> context = m_context;
		context.push_back("[" + m.first + "]");
		bool fits = !schemas.empty();
		for (const Subschema *schema : schemas)
			fits = fits && ValueVisitor(m.second, context, true, m_results,
			    m_regexesCache).validateSchema(*schema);
		if (fits)
			continue;
		if (m_results == nullptr)
			return false;
		m_results->pushError(context, "no member of this name");
		valid = false;
	}
	return valid;
}

}

/* -------------------------------------------------------------- compiling -- */

namespace mq {

using Problem = std::optional<Finding>;
using Regexes = std::unordered_map<std::string, valijson::Regex>;

namespace {

constexpr unsigned parse_flags = rapidjson::kParseFullPrecisionFlag |
    rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
constexpr int depth_max = 1024;		/* as everywhere in mq (json_text.h) */

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

/*
 * Finds a name that occurs twice in an object, or arrays and objects too deep.  Integers
 * beyond 63 bits become doubles, since valijson would take them for negative ones.
 */
Problem
find_ambiguity(rapidjson::Value &v, int depth)
{
	Problem bad;

	if (depth > depth_max && (v.IsArray() || v.IsObject()))
		return Finding{ Finding::Broken, "", "arrays and objects at most " +
		    std::to_string(depth_max) + " deep" };
	if (v.IsArray()) {
		for (rapidjson::SizeType i = 0; i < v.Size(); i++)
			if ((bad = find_ambiguity(v[i], depth + 1))) {
				bad->pointer.insert(0, "/" + std::to_string(i));
				return bad;
			}
		return {};
	}
	if (v.IsUint64() && !v.IsInt64())
		v.SetDouble(static_cast<double>(v.GetUint64()));
	if (!v.IsObject())
		return {};
	auto name_of = [](const rapidjson::Value::Member &m) {
		return std::string_view(m.name.GetString(), m.name.GetStringLength());
	};
	std::unordered_set<std::string_view> seen;
	const auto begin = v.MemberBegin(), end = v.MemberEnd();
	const bool few = v.MemberCount() <= 16;
	for (auto m = begin; m != end; ++m) {
		bool twice = false;
		if (few)
			for (auto other = begin; other != m && !twice; ++other)
				twice = name_of(*other) == name_of(*m);
		else
			twice = !seen.insert(name_of(*m)).second;
		if (twice)
			bad = Finding{ Finding::Broken, "", "a name that is not there twice" };
		else
			bad = find_ambiguity(m->value, depth + 1);
		if (bad) {
			bad->pointer = pointer_with("", std::string(name_of(*m))) + bad->pointer;
			return bad;
		}
	}
	return {};
}

Problem
not_json(const rapidjson::Document &d)
{
	return Finding{ Finding::NoJson, "", expected(rapidjson::GetParseError_En(
	    d.GetParseError())) + " (at byte " + std::to_string(d.GetErrorOffset() + 1) + ")" };
}

/* Parses a body in place. */
Problem
parse(rapidjson::Document &d, char *body, std::size_t n)
{
	if (n == 0)
		return Finding{ Finding::NoJson, "", "it is empty" };
	if (const void *nul = std::memchr(body, '\0', n))
		return Finding{ Finding::NoJson, "", "a NUL (at byte " + std::to_string(
		    static_cast<const char *>(nul) - body + 1) + ")" };
	if (d.ParseInsitu<parse_flags>(body).HasParseError())
		return not_json(d);
	return find_ambiguity(d, 0);
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
	if ((bad = parse(d, copy.data(), n))) {
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
		if (!(bad = parse(d, body, n)))
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
