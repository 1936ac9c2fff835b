/* older/table.c - an engine for another version of the table, for tests */
#include "engine/engine.h"

extern const struct mqs_engine mqs_engine_table;

const struct mqs_engine mqs_engine_table = { .version = MQS_ENGINE_VERSION - 1, .name = "older" };
