/*
 * schema/json_body.cc - see json_body.hpp
 *
 * A name must not occur twice in an object.  JSON allows that, but one program takes the
 * first and another one the last, so a body could show a checker something else than its
 * consumers.
 */
#include <cctype>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_set>

#include <rapidjson/error/en.h>

#include "json_body.hpp"
#include "references.hpp"

namespace mq {

using Problem = std::optional<Finding>;

namespace {

constexpr unsigned parse_flags = rapidjson::kParseFullPrecisionFlag |
    rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
constexpr int depth_max = 1024;		/* as everywhere in mq (json_text.h) */

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

/* RapidJSON's sentences begin with a capital and end with a full stop. */
Problem
not_json(const rapidjson::Document &d)
{
	std::string why = rapidjson::GetParseError_En(d.GetParseError());

	why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
	if (why.back() == '.')
		why.pop_back();
	return Finding{ Finding::NoJson, "", why + " (at byte " +
	    std::to_string(d.GetErrorOffset() + 1) + ")" };
}

}

Problem
parse_body(rapidjson::Document &d, char *body, std::size_t n)
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

}
