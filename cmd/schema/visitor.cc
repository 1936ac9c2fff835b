/*
 * schema/visitor.cc - see visitor.hpp
 *
 * What valijson 1.0 gets wrong: multipleOf, integers written as 1.0, uniqueItems in quadratic
 * time, strings with NUL, and the patterns of names, which it compiles again for each object.
 * A regular expression is matched in time that is linear in the text, so no body can make the
 * checker hang; std::regex would otherwise try exponentially many ways, and overflow the
 * stack with a long text.
 */
#include "visitor.hpp"

#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

using valijson::adapters::RapidJsonAdapter;
using valijson::adapters::StdStringAdapter;

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
