/*
 * log_segment_min.c - see log_segment_min.h
 *
 * Nothing else is in this file, so that a test that defines the number takes its place.
 */
#include "embedded/queue/log_segment_min.h"

const uint64_t mqs_log_segment_min = UINT64_C(8) << 20;
