/* schema/uri.cc - see uri.hpp */
#include <cctype>
#include <vector>

#include "uri.hpp"

namespace mq {

namespace {

struct Uri {
	std::string	scheme, authority, path, query, fragment;
	bool		has_authority = false, has_query = false, has_fragment = false;
};

/* Splits as in appendix B of RFC 3986.  Never fails: every text is a reference of some kind. */
Uri
split(const std::string &text)
{
	Uri u;
	std::string rest = text;
	auto cut = [&rest](char mark, std::string &part, bool &has) {
		const auto at = rest.find(mark);
		if (at == std::string::npos)
			return;
		part = rest.substr(at + 1);
		rest.resize(at);
		has = true;
	};

	cut('#', u.fragment, u.has_fragment);
	cut('?', u.query, u.has_query);
	const auto colon = rest.find_first_of(":/");
	if (colon != std::string::npos && colon > 0 && rest[colon] == ':') {
		u.scheme = rest.substr(0, colon);
		rest.erase(0, colon + 1);
	}
	if (rest.compare(0, 2, "//") == 0) {
		const auto end = rest.find('/', 2);
		u.authority = rest.substr(2, end == std::string::npos ? end : end - 2);
		u.has_authority = true;
		rest = end == std::string::npos ? "" : rest.substr(end);
	}
	u.path = rest;
	return u;
}

std::string
join(const Uri &u)
{
	std::string text;

	if (!u.scheme.empty())
		text += u.scheme + ":";
	if (u.has_authority)
		text += "//" + u.authority;
	text += u.path;
	if (u.has_query)
		text += "?" + u.query;
	if (u.has_fragment)
		text += "#" + u.fragment;
	return text;
}

/* Takes "." and ".." out of a path (5.2.4). */
std::string
remove_dots(const std::string &path)
{
	std::vector<std::string> parts;
	std::string::size_type at = 0, end;
	std::string text;

	do {
		end = path.find('/', at);
		const auto part = path.substr(at, end == std::string::npos ? end : end - at);
		const bool last = end == std::string::npos;
		if (part == "..") {
			if (parts.size() > 1)
				parts.pop_back();
			if (last)
				parts.emplace_back();
		} else if (part != "." || last) {
			parts.push_back(part == "." ? "" : part);
		}
		at = end + 1;
	} while (end != std::string::npos);
	for (std::size_t i = 0; i < parts.size(); i++)
		text += (i > 0 ? "/" : "") + parts[i];
	return text;
}

std::string
merge(const Uri &base, const std::string &path)
{
	if (base.has_authority && base.path.empty())
		return "/" + path;
	const auto slash = base.path.rfind('/');
	return slash == std::string::npos ? path : base.path.substr(0, slash + 1) + path;
}

}

std::string
uri_resolve(const std::string &base, const std::string &reference)
{
	const Uri b = split(base);
	Uri r = split(reference);

	if (!r.scheme.empty())
		return join(r);
	r.scheme = b.scheme;
	if (r.has_authority)
		return join(r);
	r.authority = b.authority;
	r.has_authority = b.has_authority;
	if (r.path.empty()) {
		r.path = b.path;
		if (!r.has_query) {
			r.query = b.query;
			r.has_query = b.has_query;
		}
	} else {
		r.path = remove_dots(r.path[0] == '/' ? r.path : merge(b, r.path));
	}
	return join(r);
}

std::string
uri_decode(const std::string &text)
{
	std::string plain;

	for (std::size_t i = 0; i < text.size(); i++) {
		if (text[i] == '%' && i + 2 < text.size() &&
		    std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
		    std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
			plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
			i += 2;
		} else {
			plain += text[i];
		}
	}
	return plain;
}

}
