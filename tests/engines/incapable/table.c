/* incapable/table.c - the engine that records calls, but can honour no option */
#define INCAPABLE
#include "record/table.c"
