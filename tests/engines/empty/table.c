/*
 * empty/table.c - an engine that can do nothing, for tests: every entry of its table is NULL
 */
#include "engine/engine.h"

extern const struct mqs_engine mqs_engine_table;

const struct mqs_engine mqs_engine_table = { .version = MQS_ENGINE_VERSION, .name = "empty" };
