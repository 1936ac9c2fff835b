/*
 * schema/references.cc - see references.hpp
 *
 * The schemas within a schema are found by the keywords that hold schemas.  Each gets a
 * node: its place, its pointer, and the URI that references in it are resolved against.
 * Places are addresses of values, which stay where they are until the rewriting, because
 * nothing is added to an object or array before.
 */
#include <cstring>
#include <deque>
#include <map>
#include <vector>

#include <rapidjson/pointer.h>

#include "metaschema.hpp"
#include "references.hpp"
#include "uri.hpp"

namespace mq {

std::string
pointer_with(const std::string &pointer, const std::string &token)
{
	std::string text = pointer + "/";

	for (const char c : token) {
		if (c == '~')
			text += "~0";
		else if (c == '/')
			text += "~1";
		else
			text += c;
	}
	return text;
}

namespace {

using rapidjson::Value;
using Problem = std::optional<Finding>;

std::string
text_of(const Value &v)
{
	return std::string(v.GetString(), v.GetStringLength());
}

template<std::size_t N>
bool
is_one_of(const Value &name, const char *const (&names)[N])
{
	for (const char *known : names)
		if (text_of(name) == known)
			return true;
	return false;
}

const char *const schema_keywords[] = {
	"additionalItems", "additionalProperties", "contains", "else", "if", "items", "not",
	"propertyNames", "then"
};
const char *const array_keywords[] = { "allOf", "anyOf", "items", "oneOf" };
const char *const map_keywords[] = {
	"definitions", "dependencies", "patternProperties", "properties"
};

struct Reference {
	Value		*schema;	/* the object with $ref */
	std::string	pointer, base;
};

class Resolver {
public:
	Resolver(rapidjson::Document &d, const VisitSchema &v) : document(d), visit(v) { }
	Problem resolve();

private:
	Problem walk(Value &schema, const std::string &pointer, const std::string &base,
	    bool outside);
	Problem walk_members(Value &schema, const std::string &pointer, const std::string &base);
	Problem follow(const Reference &);
	Problem check_chains() const;
	Value *find(const std::string &uri, const std::string &fragment, std::string &pointer,
	    std::string &base);
	Value *outer(const std::string &uri);
	void rewrite();
	std::size_t target(Value &);

	rapidjson::Document	&document;
	const VisitSchema	&visit;
	struct Place { Value *schema; std::string pointer; };
	std::map<std::string, Place> ids;	/* by absolute URI, without an empty fragment */
	std::map<const Value *, std::string> walked;	/* schemas, and their base */
	std::deque<Reference>	references;
	std::map<const Value *, std::size_t> leads;	/* from an object with $ref to its target */
	std::vector<Value *>	targets;
	std::map<Value *, std::size_t> numbers;		/* of targets */
	std::vector<Value *>	unknown;	/* schemas with "id", which is no keyword */
	Value			metaschema;
};

std::size_t
Resolver::target(Value &v)
{
	const auto added = numbers.emplace(&v, targets.size());

	if (added.second)
		targets.push_back(&v);
	return added.first->second;
}

Problem
Resolver::walk_members(Value &schema, const std::string &pointer, const std::string &base)
{
	for (auto &m : schema.GetObject()) {
		const std::string at = pointer_with(pointer, text_of(m.name));
		Problem bad;

		if (is_one_of(m.name, array_keywords) && m.value.IsArray()) {
			for (rapidjson::SizeType i = 0; i < m.value.Size() && !bad; i++)
				bad = walk(m.value[i], at + "/" + std::to_string(i), base, false);
		} else if (is_one_of(m.name, map_keywords) && m.value.IsObject()) {
			for (auto &s : m.value.GetObject()) {
				/* Names that a dependency asks for are no schema. */
				if (!s.value.IsArray() && !bad)
					bad = walk(s.value, pointer_with(at, text_of(s.name)), base, false);
			}
		} else if (is_one_of(m.name, schema_keywords)) {
			bad = walk(m.value, at, base, false);
			/* valijson gives these the path of the schema around them. */
			if (text_of(m.name) == "propertyNames")
				target(m.value);
		}
		if (bad)
			return bad;
	}
	return {};
}

Problem
Resolver::walk(Value &schema, const std::string &pointer, const std::string &base, bool outside)
{
	std::string here = base;
	Problem bad;

	if (!walked.emplace(&schema, base).second)
		return {};
	if ((bad = visit(schema, pointer, outside)) || !schema.IsObject())
		return bad;
	const auto ref = schema.FindMember("$ref");
	if (ref != schema.MemberEnd()) {	/* what stands beside it does not count */
		references.push_back({ &schema, pointer, base });
		return {};
	}
	const auto id = schema.FindMember("$id");
	if (id != schema.MemberEnd() && id->value.IsString()) {
		std::string uri = uri_resolve(base, text_of(id->value));
		if (!uri.empty() && uri.back() == '#')
			uri.pop_back();
		ids.emplace(uri, Place{ &schema, pointer });
		here = uri.substr(0, uri.find('#'));
		walked[&schema] = here;
	}
	if (schema.HasMember("id"))
		unknown.push_back(&schema);
	return walk_members(schema, pointer, here);
}

/* The document of that URI: NULL if it is not in the text. */
Value *
Resolver::outer(const std::string &uri)
{
	if (uri == metaschema_uri && ids.count(uri) == 0) {
		rapidjson::Document parsed(&document.GetAllocator());

		parsed.Parse(metaschema_text);
		metaschema.Swap(parsed);
		(void)walk(metaschema, "", "", false);
	}
	if (uri.empty() && ids.count(uri) == 0)
		return &document;
	const auto known = ids.find(uri);
	return known == ids.end() ? nullptr : known->second.schema;
}

/* Finds what a reference leads to, and the pointer and base of that. */
Value *
Resolver::find(const std::string &uri, const std::string &fragment, std::string &pointer,
    std::string &base)
{
	Value *at = outer(uri);

	if (at != nullptr && (fragment.empty() || fragment[0] == '/')) {
		const auto known = ids.find(uri);
		pointer = known == ids.end() ? "" : known->second.pointer;
		base = uri;
		for (std::size_t i = 0, end; at != nullptr && i < fragment.size(); i = end) {
			end = fragment.find('/', i + 1);
			if (end == std::string::npos)
				end = fragment.size();
			const std::string escaped = fragment.substr(i, end - i);
			pointer += escaped;
			const auto within = walked.find(at);
			if (within != walked.end())
				base = within->second;
			at = rapidjson::Pointer(escaped.data(), escaped.size()).Get(*at);
		}
		return at;
	}
	const auto named = ids.find(uri + "#" + fragment);
	if (named == ids.end())
		return nullptr;
	pointer = named->second.pointer;
	base = uri;
	return named->second.schema;
}

Problem
Resolver::follow(const Reference &r)
{
	const std::string written = text_of((*r.schema)["$ref"]);
	const std::string uri = uri_resolve(r.base, written);
	const auto hash = uri.find('#');
	const std::string fragment = hash == std::string::npos ? "" : uri_decode(uri.substr(hash + 1));
	std::string pointer, base;
	Value *found = find(uri.substr(0, hash), fragment, pointer, base);

	if (found == nullptr)
		return Finding{ Finding::NoSchema, r.pointer + "/$ref", "a reference to a schema "
		    "in this text, not '" + written + "' (nothing is fetched)" };
	leads[r.schema] = target(*found);
	return walk(*found, pointer, base, true);
}

/* References that lead to each other and to no schema would be followed for ever. */
Problem
Resolver::check_chains() const
{
	for (const auto &r : references) {
		const Value *at = r.schema;

		for (std::size_t i = 0; i <= leads.size(); i++) {
			const auto next = leads.find(at);
			if (next == leads.end()) {
				at = nullptr;
				break;
			}
			at = targets[next->second];
		}
		if (at != nullptr)
			return Finding{ Finding::NoSchema, r.pointer + "/$ref",
			    "a schema in the end, not references in a circle" };
	}
	return {};
}

void
Resolver::rewrite()
{
	auto &allocator = document.GetAllocator();
	auto set = [&allocator](Value &v, std::size_t n) {
		const std::string ref = "#/schemas/" + std::to_string(n);

		v.SetObject();
		v.AddMember("$ref", Value(ref.data(), static_cast<rapidjson::SizeType>(ref.size()),
		    allocator), allocator);
	};
	Value schemas(rapidjson::kArrayType);

	/* Renamed, not removed: what stands behind it would move. */
	for (Value *schema : unknown)
		schema->FindMember("id")->name.SetString("-");
	for (const auto &lead : leads)
		set(*const_cast<Value *>(lead.first), lead.second);
	/* The values within stay where they are: only the value itself moves. */
	for (std::size_t i = 0; i < targets.size(); i++) {
		Value moved;

		moved.Swap(*targets[i]);
		set(*targets[i], i);
		schemas.PushBack(moved, allocator);
	}
	set(document, 0);
	document.AddMember("schemas", schemas, allocator);
}

Problem
Resolver::resolve()
{
	Problem bad;

	target(document);
	bad = walk(document, "", "", false);
	/* By index: following one may add others. */
	for (std::size_t i = 0; !bad && i < references.size(); i++)
		bad = follow(Reference(references[i]));
	if (!bad)
		bad = check_chains();
	if (!bad)
		rewrite();
	return bad;
}

}

Problem
resolve_references(rapidjson::Document &document, const VisitSchema &visit)
{
	return Resolver(document, visit).resolve();
}

}
