/*
 * cppcheck.h - read before each source, by cppcheck only
 *
 * cppcheck reads no system headers: what is used of their macros is given.  Newer versions end
 * a -D at its first semicolon, so that they are here.
 */
#define MDB_VERSION_MAJOR	0
#define MDB_VERSION_MINOR	9
#define MDB_VERSION_PATCH	24
#define JSON_INTEGER_FORMAT	"lld"
#define TAILQ_FOREACH(v, head, field) \
	for (v = (head)->tqh_first; v; v = v->field.tqe_next)
