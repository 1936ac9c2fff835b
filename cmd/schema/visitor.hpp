/*
 * schema/visitor.hpp - valijson's visitor, which holds a value against a schema
 *
 * Some of its member functions are replaced, by specializing them: what valijson 1.0 gets
 * wrong, and the words for what was expected.  It must be included before anything uses the
 * visitor.
 */
#ifndef MQ_CMD_SCHEMA_VISITOR_HPP
#define MQ_CMD_SCHEMA_VISITOR_HPP

/* GCC 12 takes a member of std::regex for uninitialized when it builds for a sanitizer. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <regex>
#include <string>

#include <rapidjson/document.h>
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/validation_visitor.hpp>

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
using ValueVisitor = decltype(mq::visitor_of<ValidationVisitor, adapters::RapidJsonAdapter>());
using NameVisitor = decltype(mq::visitor_of<ValidationVisitor, adapters::StdStringAdapter>());

template<> bool ValueVisitor::visit(const FormatConstraint &);
template<> bool NameVisitor::visit(const FormatConstraint &);
template<> bool NameVisitor::visit(const PatternConstraint &);
template<> bool ValueVisitor::visit(const MultipleOfDoubleConstraint &);
template<> bool ValueVisitor::visit(const MultipleOfIntConstraint &);
template<> bool ValueVisitor::visit(const MinLengthConstraint &);
template<> bool ValueVisitor::visit(const MaxLengthConstraint &);
template<> bool ValueVisitor::visit(const PatternConstraint &);
template<> bool ValueVisitor::visit(const TypeConstraint &);
template<> bool ValueVisitor::visit(const UniqueItemsConstraint &);
template<> bool ValueVisitor::visit(const PropertyNamesConstraint &);
template<> bool ValueVisitor::visit(const PropertiesConstraint &);

}

#endif
